//! Which walls stand: a script looks around inside, and says what it sees. A comparison is fair when all see the same.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::contender::{Contender, last_words, text};

/// What the script says: a word and what belongs to it, a line each; at the end it waits until it has been looked at.
pub const SCRIPT: &str = r#"
for kind in mnt pid uts ipc net cgroup user; do echo "ns $kind $(readlink /proc/self/ns/$kind)"; done
echo "pid $$"
echo "hostname $(hostname)"
grep -q 127.0.0.1 /proc/net/fib_trie && echo "lo up"
for device in null zero full random urandom tty; do [ -c /dev/$device ] || echo "missing /dev/$device"; done
if (: > /written-by-bench) 2>/dev/null; then rm /written-by-bench; else echo "read-only"; fi
while read -r line; do echo "mount $line"; done < /proc/self/mountinfo
echo end
read -r line
"#;

/// What can be seen of a wall, by the name in the tables.
pub const NAMES: [&str; 17] = [
    "mount",
    "pid",
    "uts",
    "ipc",
    "net",
    "cgroup",
    "user",
    "lo up",
    "pivot_root",
    "/proc",
    "/sys",
    "/dev",
    "/dev/pts",
    "/dev/shm",
    "/dev/mqueue",
    "read-only root",
    "a cgroup",
];

/// The walls that stand around a contender whose command ends with `sh -c SCRIPT`.
///
/// # Errors
/// It does not start, or ends before it has said everything.
pub fn around(contender: &Contender) -> Result<BTreeSet<&'static str>> {
    let mut command = contender.command();
    let mut complaint = tempfile::tempfile()?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaint.try_clone()?);
    let guard = contender.user.become_it()?;
    let mut child = command.spawn().with_context(|| contender.name.clone())?;
    drop(guard);
    let stdout = BufReader::new(child.stdout.take().context("it has a standard output")?);
    let lines: Vec<_> = stdout.lines().map_while(Result::ok).take_while(|line| line != "end").collect();
    let mut walls = seen(&lines, &Outside::here()?);
    if lines.iter().find_map(|line| line.strip_prefix("ns mnt ")).is_some_and(has_own_cgroup) {
        walls.insert("a cgroup");
    }
    // Whoever was given no standard input has ended already.
    let _ = child.stdin.take().context("it has a standard input")?.write_all(b"\n");
    let status = child.wait()?;
    if lines.is_empty() {
        let why = last_words(&text(&mut complaint)?);
        bail!("{}: {status}, and its walls could not be seen: {why}", contender.name);
    }
    Ok(walls)
}

/// What the script's answers are compared with.
struct Outside {
    namespaces: Vec<(&'static str, String)>,
    /// Device number of our own /sys.
    sys: Option<String>,
}

impl Outside {
    fn here() -> Result<Self> {
        let kinds = [
            ("mnt", "mount"),
            ("pid", "pid"),
            ("uts", "uts"),
            ("ipc", "ipc"),
            ("net", "net"),
            ("cgroup", "cgroup"),
            ("user", "user"),
        ];
        let line = |kind: &str| -> Result<String> {
            let file = format!("/proc/self/ns/{kind}");
            let link = fs::read_link(&file).with_context(|| file.clone())?;
            Ok(format!("ns {kind} {}", link.display()))
        };
        let namespaces = kinds.iter().map(|(kind, name)| Ok((*name, line(kind)?))).collect::<Result<_>>()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let sys = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>())
            .find(|fields| fields.get(4) == Some(&"/sys"));
        Ok(Self { namespaces, sys: sys.map(|fields| fields[2].to_owned()) })
    }
}

fn seen(lines: &[String], outside: &Outside) -> BTreeSet<&'static str> {
    let mut walls = BTreeSet::new();
    let has = |line: &str| lines.iter().any(|one| one == line);
    let says_other = |(_, line): &&(&str, String)| {
        let word = line.rsplit_once(' ').map_or("", |(word, _)| word);
        lines.iter().any(|one| one.starts_with(word) && one != line)
    };
    walls.extend(outside.namespaces.iter().filter(says_other).map(|(name, _)| *name));
    for (name, line) in [("lo up", "lo up"), ("read-only root", "read-only")] {
        walls.extend(has(line).then_some(name));
    }
    // To be the first process is to be in a PID namespace and to see it.
    if !has("pid 1") {
        walls.remove("pid");
    }
    let mounts: Vec<_> = lines.iter().filter_map(|line| Mount::read(line.strip_prefix("mount ")?)).collect();
    let at = |place: &str| mounts.iter().rfind(|mount| mount.place == place);
    let is = |place: &str, kind: &str| at(place).is_some_and(|mount| mount.kind == kind);
    for (name, kind) in [("/proc", "proc"), ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs"), ("/dev/mqueue", "mqueue")] {
        walls.extend(is(name, kind).then_some(name));
    }
    let has_devices = !lines.iter().any(|line| line.starts_with("missing "));
    walls.extend((has_devices && is("/dev", "tmpfs")).then_some("/dev"));
    walls.extend(
        (is("/sys", "sysfs") && at("/sys").map(|mount| mount.device) != outside.sys.as_deref()).then_some("/sys"),
    );
    // Below a chroot, "/" is no mount but a directory somewhere in one.
    walls.extend(at("/").is_some().then_some("pivot_root"));
    walls
}

struct Mount<'a> {
    device: &'a str,
    place: &'a str,
    kind: &'a str,
}

impl<'a> Mount<'a> {
    /// A line of mountinfo, see proc(5).
    fn read(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let fields: Vec<_> = before.split(' ').collect();
        Some(Self { device: fields.get(2)?, place: fields.get(4)?, kind: after.split(' ').next()? })
    }
}

/// True when the process of this mount namespace is in another cgroup than we are.
fn has_own_cgroup(namespace: &str) -> bool {
    let is_it = |process: &Path| {
        fs::read_link(process.join("ns/mnt")).is_ok_and(|link| link.display().to_string() == namespace)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let found = processes.filter(|path| path.join("ns").exists()).find(|path| is_it(path));
    let cgroup = |process: &Path| fs::read_to_string(process.join("cgroup")).unwrap_or_default();
    found.is_some_and(|process| cgroup(&process) != cgroup(Path::new("/proc/self")))
}

/// What is not as it was asked for, in words; nothing when all is.
pub fn difference(wanted: &BTreeSet<&'static str>, there: &BTreeSet<&'static str>) -> String {
    let words = |walls: Vec<&&str>| walls.into_iter().copied().collect::<Vec<_>>().join(", ");
    let (without, beside) = (words(wanted.difference(there).collect()), words(there.difference(wanted).collect()));
    match (without.is_empty(), beside.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("without {without}"),
        (true, false) => format!("also with {beside}"),
        (false, false) => format!("without {without}; also with {beside}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside() -> Outside {
        Outside {
            namespaces: vec![("net", "ns net net:[1]".to_owned()), ("uts", "ns uts uts:[2]".to_owned())],
            sys: Some("0:23".to_owned()),
        }
    }

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn another_number_is_another_namespace() {
        let walls = seen(&lines("ns net net:[7]\nns uts uts:[2]"), &outside());
        assert_eq!(walls, BTreeSet::from(["net"]));
    }

    #[test]
    fn the_hosts_sys_is_no_wall() {
        let mount = "mount 27 1 0:23 / /sys ro - sysfs sysfs rw";
        assert!(seen(&lines(mount), &outside()).is_empty());
        assert!(seen(&lines(&mount.replace("0:23", "0:99")), &outside()).contains("/sys"));
    }

    #[test]
    fn what_differs_is_said_both_ways() {
        let (wanted, there) = (BTreeSet::from(["net", "pid"]), BTreeSet::from(["pid", "a cgroup"]));
        assert_eq!(difference(&wanted, &there), "without net; also with a cgroup");
        assert_eq!(difference(&wanted, &wanted), "");
    }
}
