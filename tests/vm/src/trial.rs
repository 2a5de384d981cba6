//! `vm test`: the course in machines of several kinds, as root and as an ordinary user.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use super::cache::Cache;
use super::hosts::{self, Host};
use super::image::{Content, PROGRAMS};
use super::machine::{self, Machine};
use super::options::Choice;
use super::pins::Pins;
use super::programs::{Built, repository};
use super::progress;
use super::session::{Ended, Request};

/// The judges, in the machine.
const JUDGES: &str = "/srv/judges/judges";
/// Where the check of the controllers lies in the course.
const CONTROLLERS: &str = "tests/vm/controllers.sh";
/// Needs that a judge may miss here; every other one must be met.
const MAY_MISS: [[&str; 2]; 2] = [["OrdinaryUser", ""], ["Root", "SingleId"]];

/// What is judged, where.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Judge what differs from host to host most, and leave the rest: a fraction of the time
    #[arg(long)]
    quick: bool,
    /// Write what doctor says of each machine to book/hosts.json
    #[arg(long)]
    write: bool,
    /// Emulate the processor even where it could help
    #[arg(long)]
    emulate: bool,
}

/// A machine, and which judges come to it: those whose names contain one of the words.
struct Round {
    name: &'static str,
    kernel: usize,
    initramfs: bool,
    judges: Vec<&'static str>,
}

/// A line of what is printed in the end.
struct Line {
    machine: String,
    what: String,
    seen: String,
    took: Duration,
    passed: bool,
}

impl Test {
    pub(crate) fn run(&self) -> Result<u8> {
        machine::qemu()?;
        progress::say("building what the judges judge, and the judges");
        let built = Built::everything()?;
        let (mut lines, mut found) = (Vec::new(), Vec::new());
        for round in self.rounds() {
            self.round(&round, &built, &mut lines, &mut found).with_context(|| round.name)?;
        }
        print(&lines);
        let fresh = hosts::compare(&found, self.write)?;
        Ok(u8::from(!fresh || lines.iter().any(|line| !line.passed)))
    }

    fn rounds(&self) -> Vec<Round> {
        // What a host decides: its cgroups, its kernel, its root. The same code runs everywhere else.
        let quick = vec!["cgroup::limits", "cgroup::removed", "run::limits", "pivot::old_root", "overlay::copy_up"];
        let main = if self.quick {
            quick
        } else {
            vec!["cgroup::", "run::", "pivot::", "overlay::", "unshare::", "nsfs::", "chroot::", "crash::"]
        };
        let newer = if self.quick { vec![] } else { vec!["cgroup::", "run::", "overlay::layers", "pivot::old_root"] };
        let first = if self.quick {
            vec!["pivot::old_root"]
        } else {
            vec!["pivot::", "chroot::", "run::walls", "overlay::layers"]
        };
        vec![
            Round { name: "Debian 12", kernel: 0, initramfs: false, judges: main },
            Round { name: "Debian 12, initramfs root", kernel: 0, initramfs: true, judges: first },
            Round { name: "Debian 12, backports", kernel: 1, initramfs: false, judges: newer },
        ]
    }

    fn round(&self, round: &Round, built: &Built, lines: &mut Vec<Line>, found: &mut Vec<Host>) -> Result<()> {
        let machine = self.start(round, built)?;
        let mut note = |what: String, seen: String, took, passed| {
            progress::say(&format!("{}: {what}: {seen}", round.name));
            lines.push(Line { machine: round.name.to_owned(), what, seen, took, passed });
        };
        note("ready".to_owned(), "yes".to_owned(), machine.started_in, true);
        for user in [false, true] {
            let who = if user { "ordinary" } else { "root" };
            let doctor = machine.lines.capture(&request(&["doctor", "--json"], user))?;
            found.push(Host::read(round.name, who, &doctor.output)?);
            let began = Instant::now();
            let script = repository().join(CONTROLLERS).display().to_string();
            let checked = machine.lines.capture(&request(&["sh", &script], user))?;
            let (seen, passed) = (counted(&checked), checked.status == 0);
            if !passed {
                progress::say(&format!("{}{}", checked.output, checked.errors));
            }
            note(format!("controllers, {who}"), seen, began.elapsed(), passed);
            if !round.judges.is_empty() {
                let began = Instant::now();
                let judged = judge(&machine, &round.judges, user)?;
                note(format!("judges, {who}"), judged.0, began.elapsed(), judged.1);
            }
        }
        Ok(())
    }

    fn start(&self, round: &Round, built: &Built) -> Result<Machine> {
        let kernel = Pins::read()?.kernels.get(round.kernel).map(|pin| pin.name.clone());
        let choice = Choice { kernel, initramfs: round.initramfs, emulate: self.emulate, ..Choice::default() };
        let cache = Cache::open()?;
        let _lock = cache.lock()?;
        let kernel = choice.kernel(&cache)?;
        let mut content = Content::of(&kernel, built);
        let judges = built.tests.get(&("judges".to_owned(), "judges".to_owned())).context("there are no judges")?;
        content.programs.push((PathBuf::from(JUDGES), judges.clone()));
        let parts = choice.with_image(&cache, &kernel, content.image(&cache)?, false)?;
        Machine::start(&parts)
    }
}

fn request(command: &[&str], user: bool) -> Request {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    Request { command, user, folder: repository().display().to_string(), ..Request::default() }
}

/// Has the judges judge, from a build folder of the user's own. What they saw, and whether it is as it should be.
fn judge(machine: &Machine, which: &[&str], user: bool) -> Result<(String, bool)> {
    let script = format!(
        "mkdir -p ~/target && touch ~/target/CACHEDIR.TAG && cp {JUDGES} ~/target/judges && exec ~/target/judges \
         --test-threads 3 \"$@\""
    );
    let mut request = request(&[&["sh", "-c", &script, "sh"], which].concat(), user);
    let tests = repository().join("tests");
    request.folder = tests.display().to_string();
    let variables = [
        ("CARGO_MANIFEST_DIR", tests.as_path()),
        ("INSTA_WORKSPACE_ROOT", repository()),
        ("INSTA_UPDATE", Path::new("no")),
        ("BOXWRIGHT_JUDGED_BIN_DIR", Path::new(PROGRAMS)),
    ];
    request.environment = variables.map(|(name, value)| (name.to_owned(), value.display().to_string())).into();
    let ended = machine.lines.capture(&request)?;
    let text = [&*ended.output, &*ended.errors].join("\n");
    let missed = missed(&text, user);
    let summary = summary(&text);
    let passed = ended.status == 0 && missed.is_empty() && summary.is_some();
    if !passed {
        let failures = text.find("\nfailures:").map_or(&*text, |start| &text[start..]);
        progress::say(&format!("{failures}\nstatus {}\n{}", ended.status, missed.join("\n")));
    }
    Ok((summary.unwrap_or_else(|| "they broke off".to_owned()), passed))
}

/// What was skipped and should not have been.
fn missed(text: &str, user: bool) -> Vec<&str> {
    let may_miss = |line: &str| {
        let need = line.split(": ").nth(2).unwrap_or_default();
        MAY_MISS[usize::from(user)].contains(&need)
    };
    text.lines().filter(|line| line.starts_with("skipped: ") && !may_miss(line)).collect()
}

/// `test result: ok. 12 passed; 0 failed; …` and how many of them were skipped.
fn summary(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("test result: "))?;
    let number = |word: &str| {
        let before = line.split(word).next()?;
        before.split_whitespace().next_back()?.parse::<usize>().ok()
    };
    let skipped = text.lines().filter(|line| line.starts_with("skipped: ")).count();
    let passed = number(" passed")?.saturating_sub(skipped);
    Some(format!("{passed} passed, {} failed, {skipped} for the other user", number(" failed")?))
}

fn counted(checked: &Ended) -> String {
    let count = |word: &str| checked.output.lines().filter(|line| line.starts_with(word)).count();
    format!("{} hold, {} do not", count("ok "), count("FAILED "))
}

fn print(lines: &[Line]) {
    use std::io::Write;
    let width = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).len()).max().unwrap_or_default();
    let (machine, what, seen) = (width(|line| &line.machine), width(|line| &line.what), width(|line| &line.seen));
    let mut stdout = std::io::stdout().lock();
    for line in lines {
        let verdict = if line.passed { "ok" } else { "FAILED" };
        let cells = format!("{:machine$}  {:what$}  {:seen$}", line.machine, line.what, line.seen);
        let _ = writeln!(stdout, "{cells}  {:>4} s  {verdict}", line.took.as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_that_is_not_for_the_other_user_is_a_failure() {
        let text =
            "skipped: cgroup::a: OrdinaryUser: this is root; run it\nskipped: cgroup::b: MemoryLimit: why; what\n";
        assert_eq!(missed(text, false), ["skipped: cgroup::b: MemoryLimit: why; what"]);
        assert_eq!(missed(text, true).len(), 2);
    }

    #[test]
    fn the_summary_counts_what_was_really_judged() {
        let text =
            "skipped: a: Root: why\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n";
        assert_eq!(summary(text).unwrap(), "11 passed, 0 failed, 1 for the other user");
        assert_eq!(summary("running 3 tests\n"), None);
    }
}
