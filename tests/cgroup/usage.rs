//! What is used, in numbers that the kernel keeps.

use serde_json::Value;

use crate::harness::Room;

use super::{file, limited, listening};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Microseconds on a processor, of everybody inside.
fn time_used(room: &Room) -> u64 {
    let told = file(room, "used", &["cpuacct.usage", "cpu.stat"]);
    told.parse::<u64>().map_or_else(|_| super::keyed(&told, "usage_usec"), |nanoseconds| nanoseconds / 1000)
}

#[test]
fn each_number_is_the_one_in_the_files_of_the_kernel() {
    needs!(PidsLimit, MemoryLimit, CpuLimit, Freeze);
    let room = room!();
    let cgroup = format!("boxwright/{}", room.name("used"));
    let mut running = listening(&room, "used", &["--pids", "19", "--memory", "45M", "--cpus", "0.8"]);
    running.say("sleep 1000 & sleep 1000 & head -c 3000000 /dev/zero | tail -c 3000000 | wc -c\n");
    // The empty line comes when all three have ended.
    assert_eq!((running.line().as_str(), running.line().as_str()), ("3000000", ""));
    room.run("freeze", [&cgroup]).ok();
    // Even the frozen use some time: on their way off the processor, and when the kernel puts them in their places anew.
    let before = time_used(&room);
    let told = json(&room.run("usage", ["--json", &cgroup]).ok());
    let after = time_used(&room);
    let read = |files: &[&str]| file(&room, "used", files).parse::<u64>().unwrap();
    assert_eq!(told["pids"]["current"], read(&["pids.current"]));
    assert_eq!(told["pids"]["max"], 19);
    // Each processor keeps some pages in stock, and gives them back when it comes to it.
    let current = read(&["memory.current", "memory.usage_in_bytes"]);
    assert!(told["memory"]["current"].as_u64().unwrap().abs_diff(current) < 1 << 20, "{current} of {told}");
    assert_eq!(told["memory"]["peak"], read(&["memory.peak", "memory.max_usage_in_bytes"]));
    assert_eq!(told["memory"]["max"], 45 << 20);
    assert!(told["memory"]["peak"].as_u64().unwrap() > 3_000_000, "{told}");
    assert_eq!((told["cpu"]["max"].as_f64(), told["frozen"].as_bool()), (Some(0.8), Some(true)));
    let used = told["cpu"]["used"].as_u64().unwrap();
    assert!(before > 0 && (before..=after).contains(&used), "{before} {used} {after}");
    // The same for a person.
    let text = room.run("usage", [&cgroup]).ok();
    let words: Vec<_> = text.split_whitespace().collect();
    for expected in
        [&["of", "45", "MiB"][..], &["processes", "3", "of", "19"], &["of", "0.8", "CPUs"], &["state", "frozen"]]
    {
        assert!(words.windows(expected.len()).any(|part| part == expected), "{expected:?} is not in {text}");
    }
    room.run("thaw", [&cgroup]).ok();
    assert_eq!(running.end().status(), 0);
}

#[test]
fn the_same_cgroup_is_found_by_its_name_its_directory_and_its_process() {
    needs!(PidsLimit);
    let room = room!();
    let running = listening(&room, "found", &["--pids", "19"]);
    let by_name = format!("boxwright/{}", room.name("found"));
    let by_pid = running.process().children()[0].0.to_string();
    let mut ways = vec![by_name, by_pid];
    ways.extend(super::directories(&room, "found").iter().map(|directory| directory.display().to_string()));
    assert!(ways.len() >= 3, "{ways:?}");
    for way in ways {
        let told = json(&room.run("usage", ["--json", &way]).ok());
        assert_eq!(told["pids"]["max"], 19, "{way}");
    }
    assert_eq!(running.end().status(), 0);
}

#[test]
fn a_watch_goes_on_until_the_cgroup_is_gone() {
    needs!(PidsLimit);
    let room = room!();
    let mut running = listening(&room, "watched", &["--pids", "19"]);
    let cgroup = format!("boxwright/{}", room.name("watched"));
    let mut watch = room.start("usage", ["--watch", "--json", &cgroup]);
    assert_eq!(json(&watch.line())["pids"]["current"], 1);
    running.say("sleep 1000 & echo\n").line();
    // One more line may have been on its way.
    assert!((0..30).any(|_| json(&watch.line())["pids"]["current"] == 2));
    assert_eq!(running.end().status(), 0);
    let ended = watch.end();
    assert_eq!((ended.status(), ended.stderr().as_str()), (0, "usage: the cgroup is gone\n"));
}

#[test]
fn what_was_used_is_told_afterwards_unless_nobody_asks() {
    needs!(PidsLimit, MemoryLimit);
    let room = room!();
    let ran = limited(&room, "told", &["--pids", "19", "--memory", "45M"], "echo out; echo err >&2; sleep 0 & wait");
    assert_eq!(ran.ok(), "out\n", "standard output belongs to the command");
    let stderr = ran.stderr();
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines[0], "err");
    let begins = ["limit: memory: at most ", "limit: CPU: ", "limit: processes: at most 2 of 19 allowed"];
    assert!(
        begins.iter().zip(&lines[1..]).all(|(begin, line)| line.starts_with(begin)) && lines.len() == 4,
        "{stderr}"
    );
    assert_eq!(limited(&room, "quiet", &["--quiet", "--pids", "19"], "echo err >&2").stderr(), "err\n");
}
