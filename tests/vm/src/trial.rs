//! `vm test`: the course in machines of several kinds, as root and as an ordinary user.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::cache::Cache;
use super::hosts::{self, Host};
use super::image::{Content, PROGRAMS};
use super::machine::{self, Machine};
use super::options::Choice;
use super::pins::Pins;
use super::programs::{Built, repository};
use super::progress;
use super::session::Request;

/// The judges, in the machine.
const JUDGES: &str = "/srv/judges/judges";
/// Where the check of the controllers lies in the course.
const CONTROLLERS: &str = "tests/vm/controllers.sh";
/// On a terminal, as somebody at this machine would be.
const DOCTOR: &str = "cd && script --quiet --command 'doctor --json >said' /dev/null </dev/null >/dev/null; cat said";
/// Needs that a judge may miss here; every other one must be met.
const MAY_MISS: [&[&str]; 2] = [&["OrdinaryUser"], &["Root", "SingleId"]];

/// What is judged, where.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Judge what differs from host to host most, and leave the rest: a fraction of the time
    #[arg(long)]
    quick: bool,
    /// Ask doctor only, of each machine and each user
    #[arg(long, conflicts_with = "quick")]
    doctor: bool,
    /// Write what doctor says to book/hosts.json
    #[arg(long)]
    write: bool,
    /// Emulate the processor even where it could help
    #[arg(long)]
    emulate: bool,
}

/// A machine, and what is tried in it.
struct Round {
    name: &'static str,
    /// Which of kernels.json.
    kernel: usize,
    initramfs: bool,
    /// Whose limits are tried.
    controllers: &'static [bool],
    /// Judges whose names contain one of these words.
    judges: &'static [&'static str],
}

/// Root, and the ordinary user.
const BOTH: &[bool] = &[false, true];
const ORDINARY: &[bool] = &[true];
/// All that asks the kernel for something. The others have their say on every build machine.
const STAGES: &[&str] =
    &["chroot::", "unshare::", "nsfs::", "pivot::", "overlay::", "cgroup::", "run::", "rooms::", "watch::"];
/// What a host decides: its cgroups, its kernel, its root.
const DECIDED: &[&str] = &["cgroup::limits", "cgroup::removed", "run::limits", "pivot::old_root", "overlay::copy_up"];

/// A line of what is printed in the end.
#[derive(Clone, Debug)]
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
        let rounds = self.rounds();
        // The first takes longest: the others go on beside it.
        let (first, others) = rounds.split_at(1);
        let lane = |rounds: &[Round]| rounds.iter().map(|round| self.round(round, &built)).collect::<Result<Vec<_>>>();
        let (first, others) = std::thread::scope(|scope| {
            let others = scope.spawn(|| lane(others));
            (lane(first), others.join().unwrap_or_else(|_| bail!("a lane of the trial broke off")))
        });
        let (lines, found): (Vec<_>, Vec<_>) = first?.into_iter().chain(others?).unzip();
        let (lines, found) = (lines.concat(), found.concat());
        print(&lines);
        let is_known = hosts::compare(&found, self.write)?;
        Ok(u8::from(!is_known || lines.iter().any(|line| !line.passed)))
    }

    fn rounds(&self) -> Vec<Round> {
        let debian = Round { name: "Debian 12", kernel: 0, initramfs: false, controllers: BOTH, judges: STAGES };
        let kept = Round { name: "Debian 12, initramfs root", initramfs: true, ..debian };
        let newer = Round { name: "Debian 12, backports", kernel: 1, ..debian };
        if self.doctor {
            return [debian, kept, newer].map(|round| Round { controllers: &[], judges: &[], ..round }).into();
        }
        if self.quick {
            let kept = Round { controllers: &[], judges: &["chroot::"], ..kept };
            let newer = Round { controllers: ORDINARY, judges: &[], ..newer };
            return vec![Round { judges: DECIDED, ..debian }, kept, newer];
        }
        let kept = Round { judges: &["chroot::", "pivot::", "overlay::layers", "run::walls"], ..kept };
        let newer = Round { judges: &["overlay::", "cgroup::", "run::limits"], ..newer };
        vec![debian, kept, newer]
    }

    fn round(&self, round: &Round, built: &Built) -> Result<(Vec<Line>, Vec<Host>)> {
        let machine = self.start(round, built).context(round.name)?;
        let (mut lines, mut found) = (Vec::new(), Vec::new());
        let mut note = |what: String, seen: String, took: Duration, passed: bool| {
            progress::say(&format!("{}: {what}: {seen}, {} s", round.name, took.as_secs()));
            lines.push(Line { machine: round.name.to_owned(), what, seen, took, passed });
        };
        note("ready".to_owned(), "yes".to_owned(), machine.started_in, true);
        for user in [false, true] {
            let who = if user { "ordinary" } else { "root" };
            let began = Instant::now();
            let doctor = machine.lines.capture(&request(&["sh", "-c", DOCTOR], user))?;
            let host = Host::read(round.name, who, &doctor.output).with_context(|| doctor.errors.clone())?;
            note(format!("doctor, {who}"), host.summary(), began.elapsed(), true);
            found.push(host);
            if round.controllers.contains(&user) {
                let began = Instant::now();
                let (seen, passed) = limits(&machine, user)?;
                note(format!("controllers, {who}"), seen, began.elapsed(), passed);
            }
            if !round.judges.is_empty() {
                let began = Instant::now();
                let (seen, passed) = judge(&machine, round, user)?;
                note(format!("judges, {who}"), seen, began.elapsed(), passed);
            }
        }
        Ok((lines, found))
    }

    fn start(&self, round: &Round, built: &Built) -> Result<Machine> {
        let kernel = Pins::read()?.kernels.get(round.kernel).map(|pin| pin.name.clone());
        let choice = Choice { kernel, initramfs: round.initramfs, emulate: self.emulate, ..Choice::default() };
        let cache = Cache::open()?;
        let _lock = cache.lock()?;
        let mut content = Content::of(built);
        let judges = built.tests.get(&("judges".to_owned(), "judges".to_owned())).context("there are no judges")?;
        content.programs.push((PathBuf::from(JUDGES), judges.clone()));
        Machine::start(&choice.with(&content, &cache, false)?)
    }
}

fn request(command: &[&str], user: bool) -> Request {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    Request { command, user, folder: repository().display().to_string(), ..Request::default() }
}

/// Has every limit met. What was seen, and whether it is as it should be.
fn limits(machine: &Machine, user: bool) -> Result<(String, bool)> {
    let script = repository().join(CONTROLLERS).display().to_string();
    let checked = machine.lines.capture(&request(&["sh", &script], user))?;
    let count = |word: &str| checked.output.lines().filter(|line| line.starts_with(word)).count();
    let passed = checked.status == 0 && count("ok ") > 0;
    if !passed {
        progress::say(&format!("{}{}", checked.output, checked.errors));
    }
    Ok((format!("{} hold, {} do not", count("ok "), count("FAILED ")), passed))
}

/// Has the judges judge, from a build folder of the user's own. What they saw, and whether it is as it should be.
fn judge(machine: &Machine, round: &Round, user: bool) -> Result<(String, bool)> {
    let script = format!(
        "mkdir -p ~/target && touch ~/target/CACHEDIR.TAG && cp {JUDGES} ~/target/judges && exec ~/target/judges \
         --test-threads 3 \"$@\""
    );
    let mut request = request(&[&["sh", "-c", &script, "sh"], round.judges].concat(), user);
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
    // On the first root pivot_root(2) is refused, as it should be; everything else has to be there.
    let may_miss = [MAY_MISS[usize::from(user)], if round.initramfs { &["PivotRoot"] } else { &[] }].concat();
    let missed = missed(&text, &may_miss);
    let summary = summary(&text);
    let passed = ended.status == 0 && missed.is_empty() && summary.is_some();
    if !passed {
        let failures =
            if ended.status == 0 { "" } else { text.find("\nfailures:").map_or(&*text, |start| &text[start..]) };
        progress::say(&format!("status {}\n{}\n{failures}", ended.status, Vec::from_iter(missed).join("\n")));
    }
    Ok((summary.unwrap_or_else(|| "they broke off".to_owned()), passed))
}

/// What was skipped and should not have been.
fn missed<'a>(text: &'a str, may_miss: &[&str]) -> BTreeSet<&'a str> {
    let may_miss = |line: &&str| may_miss.contains(&line.split(": ").nth(2).unwrap_or_default());
    text.lines().filter(|line| line.starts_with("skipped: ")).filter(|line| !may_miss(line)).collect()
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
    Some(format!("{passed} passed, {} failed, {skipped} not for here", number(" failed")?))
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
        let only = BTreeSet::from(["skipped: cgroup::b: MemoryLimit: why; what"]);
        assert_eq!(missed(text, &["OrdinaryUser"]), only);
        assert_eq!(missed(text, &["Root"]).len(), 2);
    }

    #[test]
    fn the_summary_counts_what_was_really_judged() {
        let text =
            "skipped: a: Root: why\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n";
        assert_eq!(summary(text).unwrap(), "11 passed, 0 failed, 1 not for here");
        assert_eq!(summary("running 3 tests\n"), None);
    }
}
