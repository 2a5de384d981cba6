//! `vm test`: the course in machines of several kinds, as root and as an ordinary user.

mod content;
mod counts;
mod visit;

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::cache::Cache;
use super::hosts::{self, Host};
use super::machine::{self, BrokenOff, Machine};
use super::options::Choice;
use super::pins::Pins;
use super::programs::Built;
use super::progress;
use content::Tried;
use visit::Visit;

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
    /// Only the machine of this name; book/hosts.json is then not looked at
    #[arg(long, value_name = "NAME", conflicts_with = "write")]
    only: Option<String>,
    /// Of everything only the judges whose names contain this
    #[arg(long, value_name = "WORD", conflicts_with_all = ["write", "quick", "doctor"])]
    judges: Vec<String>,
    /// Write here what every program says, as it says it: a file for each machine
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

/// A machine, and what is tried in it.
#[derive(Clone, Copy, Debug)]
struct Round {
    name: &'static str,
    /// Which of kernels.json.
    kernel: usize,
    initramfs: bool,
    /// Needs that are not met in it, as they should be.
    lacks: &'static [&'static str],
    /// Whose limits are tried.
    controllers: &'static [bool],
    /// Judges whose names contain one of these words.
    judges: &'static [&'static str],
    /// The stages' own tests, the console blocks of the book, and the grader.
    everything: bool,
}

/// Root, and the ordinary user.
const BOTH: &[bool] = &[false, true];
const ORDINARY: &[bool] = &[true];
/// All of them.
const ALL: &[&str] = &["::"];
/// What a host decides: its cgroups, its kernel, its root.
const DECIDED: &[&str] = &["cgroup::limits", "cgroup::removed", "run::limits", "pivot::old_root", "overlay::copy_up"];
/// What the first root of a kernel may change.
const OF_A_ROOT: &[&str] = &["chroot::", "pivot::", "overlay::layers", "run::walls"];
/// What a newer kernel may change.
const OF_A_KERNEL: &[&str] = &["overlay::copy_up", "overlay::many", "cgroup::held", "cgroup::limits", "run::limits"];

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
        progress::say("building what is tried");
        let built = Built::everything()?;
        let rounds = self.rounds();
        let tried = Tried::of(&built, rounds.iter().any(|round| round.everything))?;
        // The first takes longest: the others go on beside it.
        let (first, others) = rounds.split_at(rounds.len().min(1));
        let lane = |rounds: &[Round]| rounds.iter().map(|round| self.round(round, &tried)).collect::<Result<Vec<_>>>();
        let (first, others) = std::thread::scope(|scope| {
            let others = scope.spawn(|| lane(others));
            (lane(first), others.join().unwrap_or_else(|_| bail!("a lane of the trial broke off")))
        });
        let (lines, found): (Vec<_>, Vec<_>) = first?.into_iter().chain(others?).unzip();
        let (lines, found) = (lines.concat(), found.concat());
        print(&lines);
        let is_known = self.only.is_some() || hosts::compare(&found, self.write)?;
        Ok(u8::from(!is_known || lines.iter().any(|line| !line.passed)))
    }

    fn rounds(&self) -> Vec<Round> {
        let everything = !self.quick && !self.doctor;
        let debian = Round {
            name: "Debian 12",
            kernel: 0,
            initramfs: false,
            lacks: &["LayersByNewMountApi"],
            controllers: BOTH,
            judges: ALL,
            everything,
        };
        // It has no disks, and without them neither swap nor a rate of writing.
        let controllers = &[][..];
        let kept = Round {
            name: "Debian 12, initramfs root",
            initramfs: true,
            lacks: &["LayersByNewMountApi", "PivotRoot"],
            controllers,
            everything: false,
            ..debian
        };
        let newer = Round { name: "Debian 12, backports", kernel: 1, lacks: &[], everything: false, ..debian };
        let rounds = if self.doctor {
            [debian, kept, newer].map(|round| Round { controllers: &[], judges: &[], ..round })
        } else if self.quick {
            let kept = Round { judges: &["chroot::"], ..kept };
            let newer = Round { controllers: ORDINARY, judges: &[], ..newer };
            [Round { judges: DECIDED, ..debian }, kept, newer]
        } else {
            [debian, Round { judges: OF_A_ROOT, ..kept }, Round { judges: OF_A_KERNEL, ..newer }]
        };
        let is_asked = |round: &Round| self.only.as_ref().is_none_or(|name| round.name == name);
        rounds.into_iter().filter(is_asked).collect()
    }

    /// Once more where the machine itself breaks off: qemu emulates processors with faults of its own, see `machine.rs`, and
    /// nothing that is tried here is meant to end a machine.
    fn round(&self, round: &Round, tried: &Tried) -> Result<(Vec<Line>, Vec<Host>)> {
        match self.attempt(round, tried) {
            Err(error) if error.is::<BrokenOff>() => {
                progress::say(&format!("{}: begun anew: {error:#}", round.name));
                self.attempt(round, tried)
            }
            done => done,
        }
    }

    fn attempt(&self, round: &Round, tried: &Tried) -> Result<(Vec<Line>, Vec<Host>)> {
        let mut machine = self.start(round, tried).context(round.name)?;
        let (mut lines, mut found) = (Vec::new(), Vec::new());
        let log = self.log.as_ref().map(|folder| folder.join(round.name).with_extension("log"));
        let log = log.map(|path| File::create(&path).with_context(|| path.display().to_string())).transpose()?;
        let mut note = |what: String, seen: String, took: Duration, passed: bool| {
            progress::say(&format!("{}: {what}: {seen}, {} s", round.name, took.as_secs()));
            lines.push(Line { machine: round.name.to_owned(), what, seen, took, passed });
        };
        note("ready".to_owned(), "yes".to_owned(), machine.started_in, true);
        for user in [false, true] {
            let asked = self.judges.as_slice();
            let visit = Visit { machine: &machine, round, tried, asked, user, log: log.as_ref() };
            match visit.all(&mut note) {
                Ok(host) => found.push(host),
                Err(error) => return Err(machine.blamed(error)),
            }
        }
        Ok((lines, found))
    }

    fn start(&self, round: &Round, tried: &Tried) -> Result<Machine> {
        let kernel = Pins::read()?.kernels.get(round.kernel).map(|pin| pin.name.clone());
        let choice = Choice { kernel, initramfs: round.initramfs, emulate: self.emulate, ..Choice::default() };
        let cache = Cache::open()?;
        let _lock = cache.lock()?;
        Machine::start(&choice.with(&tried.content(round.everything), &cache, false)?)
    }
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
