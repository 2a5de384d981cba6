//! What each program intends to ask of the kernel. Needs no privilege: nothing is asked.
//!
//! Root and an ordinary user ask differently, so each has snapshots of their own.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use unshare::user;

/// The whole transcript of a rehearsal, each process for itself: who of two comes first is chance.
fn rehearse(mut program: Command, arguments: &[&str]) -> String {
    program.env_clear().env("PATH", "/usr/bin:/bin").arg("--rehearse").args(arguments);
    let output = program.output().unwrap();
    let name = std::path::Path::new(program.get_program()).file_name().unwrap().display().to_string();
    let told = String::from_utf8(output.stderr).unwrap();
    let mut transcript = format!("$ {name} --rehearse {}", arguments.join(" ")).trim_end().to_owned() + "\n";
    for depth in 0..4 {
        transcript.extend(told.lines().filter(|line| indent(line) == depth * 4).map(|line| format!("{line}\n")));
    }
    let stdout = String::from_utf8(output.stdout).unwrap();
    transcript + &stdout + &format!("exit status: {}\n", output.status.code().unwrap())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

macro_rules! check {
    ($program:literal, $arguments:expr) => {
        let transcript = rehearse(cargo_bin_cmd!($program), &$arguments);
        insta::with_settings!({
            snapshot_suffix => if user::is_needed() { "user" } else { "root" },
            omit_expression => true,
            prepend_module_to_snapshot => false,
            filters => vec![
                // Whoever runs the tests: their id, and how long it makes the line.
                (r#""0 \d+ 1\\n", \d+\) = \d+"#, r#""0 ID 1\n", SIZE) = SIZE"#),
                // What this kernel has.
                (r"\}, \d+\) = PID", "}, SIZE) = PID"),
            ],
        }, {
            insta::assert_snapshot!($program, transcript);
        });
    };
}

#[test]
fn both_names_are_set_in_a_new_uts_namespace() {
    check!("unshare-uts", ["--hostname", "red", "--domainname", "moon"]);
}

#[test]
fn a_new_ipc_namespace_needs_nothing_more() {
    check!("unshare-ipc", []);
}

#[test]
fn mounts_become_private_before_the_command_begins() {
    check!("unshare-mount", []);
}

#[test]
fn propagation_can_be_left_as_it_was() {
    let transcript = rehearse(cargo_bin_cmd!("unshare-mount"), &["--propagation", "unchanged"]);
    assert!(transcript.contains("unshare(CLONE_NEWNS)"), "{transcript}");
    assert!(!transcript.contains("mount("), "{transcript}");
}

#[test]
fn the_command_is_pid_1_and_proc_is_fresh() {
    check!("unshare-pid", []);
}

#[test]
fn without_a_fresh_proc_no_mount_namespace_is_needed() {
    let transcript = rehearse(cargo_bin_cmd!("unshare-pid"), &["--no-proc"]);
    assert!(transcript.contains("unshare(CLONE_NEWPID)"), "{transcript}");
    assert!(!transcript.contains("CLONE_NEWNS") && !transcript.contains("mount("), "{transcript}");
}

#[test]
fn loopback_is_brought_up() {
    check!("unshare-net", []);
}

#[test]
fn setgroups_is_denied_before_gid_map_is_written() {
    check!("unshare-user", []);
}

#[test]
fn ids_of_others_are_mapped_from_outside() {
    if user::is_needed() {
        // Two helpers and a child speak at the same depth: what they say is certain, and who is first is not.
        let transcript = rehearse(cargo_bin_cmd!("unshare-user"), &["--map", "0:100000:10"]);
        if !std::path::Path::new("/usr/bin/newuidmap").exists() {
            assert!(transcript.contains("newuidmap: no such command in PATH"), "{transcript}");
            eprintln!("skipped: the rest needs newuidmap; install the package uidmap");
            return;
        }
        for helper in ["newuidmap", "newgidmap"] {
            let call = format!(r#"["{helper}", "PID", "0", "100000", "10"], /* 0 vars */)"#);
            assert!(transcript.contains(&call), "{transcript}");
        }
        assert!(!transcript.contains("uid_map") && !transcript.contains("deny"), "{transcript}");
        return;
    }
    let transcript = rehearse(cargo_bin_cmd!("unshare-user"), &["--map", "0:100000:10", "--map", "10:5:1"]);
    assert!(transcript.contains(r#"write(FD</proc/PID/uid_map>, "0 100000 10\n10 5 1\n", 19) = 19"#), "{transcript}");
    assert!(transcript.contains(r#"write(FD</proc/PID/gid_map>, "0 100000 10\n10 5 1\n", 19) = 19"#), "{transcript}");
    assert!(!transcript.contains("deny"), "{transcript}");
}

#[test]
fn the_cgroup_of_the_moment_becomes_the_root() {
    check!("unshare-cgroup", []);
}

#[test]
fn offsets_are_written_before_the_first_child() {
    check!("unshare-time", ["--boottime", "864000", "--monotonic", "-5"]);
}

#[test]
fn a_child_is_born_into_all_kinds_at_once() {
    check!("clone-into", ["--kinds", "user,mount,uts,ipc,net,pid,cgroup,time"]);
}

#[test]
fn each_object_is_made_or_none() {
    check!("ipc-objects", ["make", "--key", "7", "--queue", "/seven"]);
}

#[test]
fn leaks_are_shown_on_a_stage() {
    check!("mount-leak", ["--propagation", "shared"]);
}

#[test]
fn orphans_have_a_story_of_four_processes() {
    check!("pid-orphans", []);
}

#[test]
fn directories_descriptors_and_undo_lists_are_unshared_in_turn() {
    check!("unshare-rest", []);
}

#[test]
fn a_missing_command_is_127_and_a_wrong_option_125() {
    let transcript = rehearse(cargo_bin_cmd!("unshare-uts"), &["--", "no-such-command"]);
    assert!(transcript.contains("unshare-uts: no-such-command: no such command in /usr/bin:/bin"), "{transcript}");
    assert!(transcript.ends_with("exit status: 127\n"), "{transcript}");
    for wrong in [["--map", "1:2"], ["--map", "0:0:0"], ["--map-groups", "0:0:1"]] {
        let transcript = rehearse(cargo_bin_cmd!("unshare-user"), &wrong);
        assert!(transcript.ends_with("exit status: 125\n"), "{transcript}");
    }
    let transcript = rehearse(cargo_bin_cmd!("clone-into"), &["--kinds", "uts,moon"]);
    assert!(transcript.contains("there are user, mount, uts, ipc, net, pid, cgroup, time"), "{transcript}");
}
