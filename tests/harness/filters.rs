//! What differs from run to run and from host to host, and the fixed word for it. Each with its reason.

use super::attribution::Attribution;
use super::programs::{repository, target_directory};

/// Compares `text` with a snapshot.
pub fn compare(name: &str, text: &str, attribution: &Attribution) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let escape = |path: &std::path::Path| path.display().to_string().replace('.', "\\.");
    let room = escape(&target_directory().join("tmp").join(attribution.word()));
    // A room has another folder in each run.
    settings.add_filter(&room, "[ROOM]");
    // Its containers are named after it.
    settings.add_filter(attribution.word(), "[ROOM]-");
    // The root file system of the judges lies in the build folder, and bears the number of its user and of its script.
    settings.add_filter(&format!("{}/tmp/rootfs-[0-9a-z-]+", escape(&target_directory())), "[ROOTFS]");
    // Programs that are built elsewhere say where.
    settings.add_filter(&escape(&target_directory()), "[TARGET]");
    settings.add_filter(&escape(repository()), "[REPOSITORY]");
    // The kernel counts processes.
    settings.add_filter(r"(/proc|process|PID|pid) ?/?\d+", "${1} [PID]");
    // The kernel counts namespaces.
    settings.add_filter(r"\b(cgroup|ipc|mnt|net|pid|time|user|uts):\[\d+\]", "${1}:[INODE]");
    // Which number a descriptor gets depends on what else is open.
    settings.add_filter(r"\((\d+)<", "([FD]<");
    // The clocks go on.
    settings.add_filter(
        r"this one shows \d+ now; give at least -\d+",
        "this one shows [SECONDS] now; give at least -[SECONDS]",
    );
    // A host has its cgroups in version 2 alone, or beside version 1; and as many CPUs as it has.
    settings.add_filter("/sys/fs/cgroup/(unified/)?boxwright", "[CGROUP2]/boxwright");
    settings.add_filter(r"this machine has [0-9,-]+", "this machine has [CPUS]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}
