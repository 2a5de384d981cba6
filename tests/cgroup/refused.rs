//! What this user, or this kernel, cannot: said as blocked, with the cause and a remedy.

use serde_json::Value;

use super::limited;

/// What `doctor` says of a need.
fn verdict(room: &crate::harness::Room, need: &str) -> String {
    let report: Value = serde_json::from_str(&room.run("doctor", ["--json"]).stdout()).unwrap();
    let needs = report["needs"].as_array().unwrap();
    let found = needs.iter().find(|one| one["need"] == need).unwrap_or_else(|| panic!("doctor does not know {need}"));
    found["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn an_ordinary_user_gets_the_limits_that_doctor_promises_and_for_the_others_a_remedy() {
    needs!(OrdinaryUser);
    let room = room!();
    for (need, option, number) in [
        ("memory-limit", "--memory", "32M"),
        ("pids-limit", "--pids", "20"),
        ("cpu-limit", "--cpus", "0.5"),
        ("cpuset-limit", "--cpuset", "0"),
    ] {
        let ran = limited(&room, "refused", &[option, number], "echo it ran");
        if verdict(&room, need) == "blocked" {
            let said = ran.fails_with(125);
            assert!(said.contains("limit: blocked: ") && said.contains("\nhint: "), "{option}: {said}");
            assert_eq!(ran.stdout(), "", "{option}");
        } else {
            assert_eq!(ran.ok(), "it ran\n", "{option}");
        }
        assert_eq!(super::directories(&room, "refused").len(), 0, "{option}");
    }
}

#[test]
fn the_cgroups_of_others_are_not_ours_to_stop() {
    needs!(OrdinaryUser);
    let room = room!();
    // PID 1 is somebody else's, wherever it is.
    let ran = room.run("freeze", ["1"]);
    assert!(ran.fails_with(125).starts_with("freeze: ") && ran.stdout().is_empty(), "{}", ran.transcript());
}

#[test]
fn a_limit_beyond_the_machine_is_refused_in_words() {
    needs!(CpusetLimit, MemoryLimit);
    let room = room!();
    for (options, word) in [
        (&["--cpuset", "4095"][..], "cpuset"),
        (&["--memory", "1"], "memory"),
        (&["--cpus", "0.0001"], "cpus"),
        (&["--io-write-bps", "/proc:1M"], "without a disk of its own"),
    ] {
        let ran = limited(&room, "beyond", options, "echo it ran");
        let said = ran.stderr();
        assert!(!ran.output.status.success() && !ran.stdout().contains("it ran"), "{options:?}: {}", ran.transcript());
        assert!(said.to_lowercase().contains(word), "{options:?}: {said}");
        assert_eq!(super::directories(&room, "beyond").len(), 0, "{options:?}");
    }
}

#[test]
fn the_root_of_a_hierarchy_is_not_stopped() {
    needs!(Freeze);
    let room = room!();
    let tops = crate::harness::cgroups();
    let top = tops.iter().find(|top| {
        top.join("cgroup.procs").exists() && !tops.iter().any(|other| top.starts_with(other) && other != *top)
    });
    let top = top.expect("a host has a cgroup hierarchy").to_str().unwrap();
    let said = room.run("freeze", [top]).fails_with(125);
    assert!(said.contains("root of its hierarchy"), "{said}");
}
