//! boxwright is killed after each of its steps in turn, whichever of its processes takes it. Afterwards `rm` leaves the host
//! as it was.

mod tracer;

use std::time::Duration;

use crate::harness::{Room, rootfs};

use tracer::{Point, follow};

/// How long what was killed may take to be gone.
const GRACE: Duration = Duration::from_secs(10);

/// Kills at each step of `boxwright run OPTIONS`, and cleans up.
fn kill_at_each_step(room: &Room, options: &[&str]) {
    let name = room.name("crash");
    let root = rootfs().to_str().expect("paths are UTF-8");
    let words = ["run", "--name", &name].into_iter().chain(options.iter().copied()).chain([root, "--", "true"]);
    let words: Vec<_> = words.collect();
    let steps = follow(room.command("boxwright", &words), None);
    remove(room, &name).expect("nothing was killed");
    let points =
        (0..steps.len()).flat_map(|process| (1..=steps[process].len()).map(move |step| Point { process, step }));
    let points: Vec<_> = points.collect();
    assert!(steps.len() >= 2 && points.len() > 60, "only these steps were seen: {steps:?}");
    let mut complaints = Vec::new();
    for point in points {
        follow(room.command("boxwright", &words), Some(point));
        let removed = remove(room, &name);
        let leaks = room.leaks(GRACE);
        if !leaks.is_empty() || removed.is_err() {
            let call = steps[point.process][point.step - 1];
            let words = removed.err().unwrap_or_default();
            complaints.push(format!("killed after {point:?}, system call {call}:\n  {words}{}", leaks.join("\n  ")));
            room.clear();
        }
    }
    assert!(complaints.is_empty(), "{words:?}: {} complaints\n{}", complaints.len(), complaints.join("\n"));
}

/// What a user does then. If the name was not taken yet, or was given back, there is nothing to remove.
fn remove(room: &Room, name: &str) -> Result<(), String> {
    let ran = room.run("boxwright", ["rm", name]);
    let is_nothing = ran.stderr().contains("there is no container named");
    if ran.output.status.success() || is_nothing { Ok(()) } else { Err(ran.transcript()) }
}

#[test]
fn rm_cleans_up_after_a_crash_in_the_foreground() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, SingleId);
    kill_at_each_step(&room!(), &["--rm"]);
}

#[test]
fn rm_cleans_up_after_a_crash_in_the_background() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, SingleId);
    kill_at_each_step(&room!(), &["-d"]);
}

#[test]
fn rm_cleans_up_after_a_crash_with_limits_and_an_init() {
    needs!(PivotRoot, Overlayfs, PidsLimit, MemoryLimit, SingleId);
    kill_at_each_step(&room!(), &["-d", "--init", "--pids", "100", "--memory", "64M"]);
}
