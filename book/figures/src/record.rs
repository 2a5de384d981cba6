//! Recording: a program is run with `--trace`, and its trace told in fixed words.

mod mountinfo;
mod needs;
mod normal;
mod order;
mod programs;
mod raw;
mod room;
mod user;
mod words;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::declared::{Layout, Run, Who, words as words_of};
use crate::trace::{Child, Step};
use mountinfo::Mounts;
use normal::Normal;
use room::Room;
use user::User;
use words::Words;

pub use needs::Missing;
pub use programs::Programs;

/// What became of a recording.
#[derive(Debug)]
pub enum Recorded {
    /// The run, step by step.
    Steps(Vec<Step>),
    /// Nothing: this host lacks what it takes.
    Missing(Missing),
}

/// Records runs, by programs that are built.
#[derive(Debug)]
pub struct Recorder<'a> {
    repository: &'a Path,
    programs: Programs,
}

impl<'a> Recorder<'a> {
    /// Records what the programs of this repository do.
    pub fn new(repository: &'a Path, programs: Programs) -> Self {
        keep_to_ourselves();
        Self { repository, programs }
    }

    /// Records one run.
    ///
    /// # Errors
    /// The program fails, or writes what is no trace.
    pub fn record(&self, run: &Run) -> Result<Recorded> {
        let user = match User::of(run.who) {
            Ok(user) => user,
            Err(missing) => return Ok(Recorded::Missing(missing)),
        };
        if let Some(missing) = layout_is_missing(run) {
            return Ok(Recorded::Missing(missing));
        }
        let room = Room::new(self.repository, &user, &self.programs)?;
        if let Some(missing) = needs::missing(run, &room)? {
            return Ok(Recorded::Missing(missing));
        }
        self.in_room(run, &user, &room).with_context(|| format!("run {}", run.name)).map(Recorded::Steps)
    }

    fn in_room(&self, run: &Run, user: &User, room: &Room<'_>) -> Result<Vec<Step>> {
        let name = format!("figure-{}", std::process::id());
        let beside = run.beside.as_ref().map(|command| room.beside(&words_of(command))).transpose()?;
        let pid = beside.as_ref().map(|process| process.pid().to_string()).unwrap_or_default();
        let fill = |word: &String| -> Result<String> {
            let root = if word.contains("$root") { room.root()?.display().to_string() } else { String::new() };
            let filled = word.replace("$root", &root).replace("$room", &room.scratch().display().to_string());
            Ok(filled.replace("$name", &name).replace("$beside", &pid))
        };
        let all = |command: &str| words_of(command).iter().map(fill).collect::<Result<Vec<_>>>();
        let trace = room.scratch().join("trace.jsonl");
        let told = room.run(&all(&run.command)?, Some(&trace));
        let after = run.after.as_ref().map(|command| room.run(&all(command)?, None)).transpose();
        told.and(after)?;
        let raw = raw::lines(&std::fs::read_to_string(&trace).context("the program has written no trace")?)?;
        ensure!(!raw.is_empty(), "the program has made no call");

        let mut words = words_for(room, user, &name)?;
        let namespaces = beside.as_ref().map(room::Beside::namespaces).unwrap_or_default();
        let beside = beside.as_ref().map(|process| Child {
            pid: words.beside(process.pid()),
            namespaces: differing(&mut words, &namespaces),
            program: run.beside.as_ref().map(|command| words_of(command)).and_then(|words| words.first().cloned()),
        });
        let mounts = Mounts::of_host(&std::fs::read_to_string("/proc/self/mountinfo")?);
        let mut steps = Normal::new(words, mounts, run.is_rehearsed()).steps(raw);
        if let Some(first) = steps.first_mut() {
            first.beside = beside;
        }
        Ok(steps)
    }
}

/// Where these are other namespaces than the host's.
fn differing(words: &mut Words, namespaces: &[(String, u64)]) -> std::collections::BTreeMap<String, String> {
    let labels = namespaces.iter().map(|(kind, inode)| (kind.clone(), words.namespace(kind, *inode)));
    labels.filter(|(_, label)| label != "A").collect()
}

fn words_for(room: &Room<'_>, user: &User, name: &str) -> Result<Words> {
    let mut words = Words::of(nix::unistd::gethostname()?.to_string_lossy().into_owned(), user.ids());
    words.say("$BOXWRIGHT_HOME", room.home());
    words.say("$room", room.scratch());
    words.say("$root", room.root_path());
    words.texts.push((name.to_owned(), "demo".to_owned()));
    // The programs that we start are in our own namespaces: these are A.
    for (kind, inode) in room::namespaces_of("self") {
        words.namespace(&kind, inode);
    }
    Ok(words)
}

fn layout_is_missing(run: &Run) -> Option<Missing> {
    let wanted = run.host?;
    let mountinfo = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let is_there = |kind: &str| mountinfo.lines().any(|line| line.contains(&format!(" - {kind} ")));
    let layout = if is_there("cgroup") { Layout::Hybrid } else { Layout::V2 };
    (wanted != layout).then(|| Missing {
        need: format!("{wanted:?}"),
        why: "the cgroups of this host are laid out otherwise, and the story is another".to_owned(),
        remedy: "record it on a host of the other kind".to_owned(),
    })
}

/// What whoever started us left open is not handed on: a run tells its descriptors by number.
#[expect(unsafe_code, reason = "close_range(2) has no safe form; watched by the recorded run of boxwright")]
fn keep_to_ourselves() {
    use nix::libc::{CLOSE_RANGE_CLOEXEC, c_int, c_uint, close_range};
    // SAFETY: nothing is closed before execve(2), and no program that we start is promised more than three descriptors.
    // Before Linux 5.11 it is refused, and nothing is lost but evenness.
    let _ = unsafe { close_range(3, c_uint::MAX, CLOSE_RANGE_CLOEXEC as c_int) };
}

/// The end of a command that should have worked.
fn succeeded(command: &mut Command) -> Result<std::process::Output> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?} ended with {}: {words}", output.status);
    Ok(output)
}

impl Who {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::User => "an ordinary user",
            Self::Root => "root",
        }
    }
}
