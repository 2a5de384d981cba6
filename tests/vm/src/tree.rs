//! The files of the machine: this host's everyday programs, as `rootfs-scripts/host.sh` gathers them, and what makes a
//! system of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::programs::{libraries, on_this_host, repository};

/// The ordinary user of the machine.
pub(crate) const LEARNER: &str = "learner";
pub(crate) const LEARNER_ID: u32 = 1000;

/// What a container root has no use for, and a machine has.
const EXTRAS: [&str; 4] = ["swapon", "busybox", "strace", "ldd"];
/// What gives an ordinary user more than one id. They belong to root, and must run as root.
const SETUID: [&str; 2] = ["newuidmap", "newgidmap"];

/// Gathers them in `tree`, which must not be there yet.
pub(crate) fn gather(tree: &Path) -> Result<()> {
    let script = repository().join("rootfs-scripts/host.sh");
    let made = Command::new("sh").arg(&script).arg(tree).stdin(Stdio::null()).output().context("sh")?;
    if !made.status.success() {
        bail!("{}", String::from_utf8_lossy(&made.stderr).trim());
    }
    for name in EXTRAS {
        add_program(tree, name, 0o755)?;
    }
    for name in SETUID {
        add_program(tree, name, 0o4755)?;
    }
    write_accounts(tree)
}

fn add_program(tree: &Path, name: &str, mode: u32) -> Result<()> {
    let Some(path) = on_this_host(name) else { return Ok(()) };
    let target = tree.join("usr/bin").join(name);
    copy(&path, &target)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
    add_libraries(tree, [path.as_path()])
}

/// The libraries of these programs, where they are on this host.
pub(crate) fn add_libraries<'a>(tree: &Path, programs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    for library in libraries(programs) {
        let target = tree.join(library.strip_prefix("/").unwrap_or(&library));
        if !target.exists() {
            copy(&library, &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // What is there may be a link, to be replaced and not to be written through.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map(drop).with_context(|| format!("{} to {}", from.display(), to.display()))
}

fn write_accounts(tree: &Path) -> Result<()> {
    let etc = tree.join("etc");
    fs::create_dir_all(&etc)?;
    let files = [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n\
                 {LEARNER}:x:{LEARNER_ID}:{LEARNER_ID}::/home/{LEARNER}:/bin/sh\n"
            ),
        ),
        ("group", format!("root:x:0:\nnogroup:x:65534:\n{LEARNER}:x:{LEARNER_ID}:\n")),
        ("subuid", format!("{LEARNER}:100000:65536\n")),
        ("subgid", format!("{LEARNER}:100000:65536\n")),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 boxwright\n".to_owned()),
        ("hostname", "boxwright\n".to_owned()),
        ("os-release", fs::read_to_string("/etc/os-release").unwrap_or_default()),
    ];
    for (name, text) in files {
        let path: PathBuf = etc.join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    for (folder, mode) in [("root", 0o755), ("home/learner", 0o755), ("tmp", 0o1777), ("var/tmp", 0o1777)] {
        let path = tree.join(folder);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    for folder in ["proc", "sys", "dev", "run", "mnt", "new", "etc", "boot", "usr/local/bin"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    Ok(())
}
