//! `walls`: what each wall costs, by a floor that leaves it out.

use anyhow::Result;

use super::Bench;
use crate::contender::Contender;
use crate::report::{Line, Table};
use crate::stats::Summary;
use crate::turns;
use crate::user::User;

/// What the table calls it, and what the floor leaves out for it. Who leaves out a place leaves out what is mounted there.
const LEFT_OUT: [(&str, &str); 13] = [
    ("network namespace", "net"),
    ("PID namespace", "pid"),
    ("UTS namespace", "uts"),
    ("IPC namespace, with /dev/mqueue", "ipc,mqueue"),
    ("cgroup namespace", "cgroup"),
    ("another root, and the old one detached", "pivot,read-only"),
    ("/proc", "proc"),
    ("/sys", "sys"),
    ("/dev, with all in it", "dev,pts,shm,mqueue"),
    ("/dev/pts", "pts"),
    ("/dev/shm", "shm"),
    ("/dev/mqueue", "mqueue"),
    ("a read-only root", "read-only"),
];
/// The mount namespace and all that is mounted: without it there is nothing to mount in.
const MOUNTS: &str = "mount,pivot,proc,sys,dev,pts,shm,mqueue,read-only";
const ALL: &str = "mount,pid,uts,ipc,net,cgroup,pivot,proc,sys,dev,pts,shm,mqueue,read-only";

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let mut plans = vec![("all walls".to_owned(), Vec::new())];
    plans.extend(LEFT_OUT.iter().map(|(name, without)| ((*name).to_owned(), vec!["--without", *without])));
    plans.push(("mount namespace, with all mounts".to_owned(), vec!["--without", MOUNTS]));
    plans.push(("no walls".to_owned(), vec!["--without", ALL]));
    plans.push(("a cgroup".to_owned(), vec!["--cgroup", "/sys/fs/cgroup/floor"]));
    if !bench.has_cgroups {
        plans.pop();
    }
    let contenders = plans.iter().map(|(name, words)| contender(bench, name, words)).collect();
    let turns = turns::take("walls", contenders, bench.rounds)?;
    let taken: Vec<_> = turns.names().into_iter().zip(turns.times()).collect();
    let mut table = Table::new("walls", "what each costs", "µs");
    let Some((_, all)) = taken.iter().find(|(name, _)| name == "all walls") else { return Ok(vec![]) };
    for (name, times) in &taken {
        let in_microseconds = |times: &[f64]| times.iter().map(|time| time * 1000.0).collect::<Vec<_>>();
        let (times, all) = (in_microseconds(times), in_microseconds(all));
        let summary = match name.as_str() {
            "all walls" | "no walls" => Summary::of(&times),
            "a cgroup" => Summary::of_differences(&times, &all),
            _ => Summary::of_differences(&all, &times),
        };
        table.lines.push(Line::new(name, summary));
    }
    table.notes = turns.refused;
    table
        .notes
        .push("each line: the floor with all walls less the floor without this one; the cgroup is added".to_owned());
    table.notes.push("\"no walls\": a process is made, becomes /bin/true, and ends".to_owned());
    Ok(vec![table])
}

fn contender(bench: &Bench, name: &str, words: &[&str]) -> Contender {
    let (floor, root) = (bench.programs.floor.display().to_string(), bench.root.display().to_string());
    let mut command = vec![floor.as_str()];
    command.extend((!User::Self_.is_root()).then_some("--user"));
    command.extend(words);
    command.extend([root.as_str(), "/bin/true"]);
    Contender::new(name, &command)
}
