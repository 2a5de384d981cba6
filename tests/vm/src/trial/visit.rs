//! What one user finds in one machine.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::hosts::Host;
use super::super::image::PROGRAMS;
use super::super::machine::Machine;
use super::super::programs::{Tests, repository};
use super::super::progress;
use super::super::session::{Ended, Request};
use super::Round;
use super::content::{FORGE, Tried};
use super::counts::Counts;

/// Where the check of the controllers lies in the course.
const CONTROLLERS: &str = "tests/vm/controllers.sh";
/// On a terminal, as somebody at this machine would be.
const DOCTOR: &str = "cd && script --quiet --command 'doctor --json >said' /dev/null </dev/null >/dev/null; cat said";
/// Needs that a judge may miss here; every other one must be met.
const MAY_MISS: [&[&str]; 2] =
    [&["OrdinaryUser", "Podman", "CgroupV1Trees", "Rust"], &["Root", "SingleId", "Podman", "CgroupV1Trees", "Rust"]];
/// Judges that no machine of ours decides about, and that would take most of the time where the processor is emulated.
const LEFT_OUT: [&str; 7] = [
    // They kill boxwright after each of its steps, and see that what is left can be removed.
    "crash::",
    // They grade the whole course on hosts that lack something; here it is graded on this one.
    "locked::graded::",
    // They compare what a program tells with what strace(1) sees.
    "narration::",
    // They are about our programs' command lines, about their threads, and about the judges themselves.
    "rooms::",
    "wrong::",
    "watch::",
    "audit::",
];

/// A user in a machine.
pub(super) struct Visit<'a> {
    pub(super) machine: &'a Machine,
    pub(super) round: &'a Round,
    pub(super) tried: &'a Tried,
    /// Parts of the names of judges, where nothing else is asked for.
    pub(super) asked: &'a [String],
    /// The ordinary one, and not root.
    pub(super) user: bool,
    /// Where everything that is said is written too.
    pub(super) log: Option<&'a File>,
}

/// Writes down what was tried, what was seen, how long it took, and whether it is as it should be.
type Note<'a> = &'a mut dyn FnMut(String, String, Duration, bool);

impl Visit<'_> {
    /// Tries everything of the round. Gives what doctor says.
    pub(super) fn all(&self, note: Note<'_>) -> Result<Host> {
        let who = if self.user { "ordinary" } else { "root" };
        let began = Instant::now();
        let doctor = self.capture(&self.request(&["sh", "-c", DOCTOR]))?;
        let host = Host::read(self.round.name, who, &doctor.output).with_context(|| doctor.errors.clone())?;
        note(format!("doctor, {who}"), host.summary(), began.elapsed(), true);
        let mut tried = |what: &str, is_asked: bool, attempt: &dyn Fn() -> Result<(String, bool)>| {
            if is_asked {
                let began = Instant::now();
                let (seen, passed) = attempt()?;
                note(format!("{what}, {who}"), seen, began.elapsed(), passed);
            }
            Ok::<_, anyhow::Error>(())
        };
        let everything = self.round.everything && self.asked.is_empty();
        let limits = self.asked.is_empty() && self.round.controllers.contains(&self.user);
        tried("controllers", limits, &|| self.limits())?;
        self.hand_over()?;
        tried("judges", !self.round.judges.is_empty(), &|| self.judges())?;
        tried("tests of the stages", everything, &|| self.tests(&self.tried.of_the_stages().collect::<Vec<_>>()))?;
        // Root has whatever the page leaves to an ordinary user typed by one.
        tried("book", everything && !self.user, &|| self.tests(&[self.tried.console()?]))?;
        tried("predictions", everything && self.user, &|| self.tests(&[self.tried.predictions()?]))?;
        tried("grader", everything && self.user, &|| self.grader())?;
        Ok(host)
    }

    fn capture(&self, request: &Request) -> Result<Ended> {
        let ended = self.machine.lines.capture(request, self.log);
        ended.with_context(|| format!("{}, whose console has shown last:\n{}", self.round.name, self.machine.console()))
    }

    fn request(&self, command: &[&str]) -> Request {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Request { command, user: self.user, folder: repository().display().to_string(), ..Request::default() }
    }

    /// Makes the build folder this user's, as if they had built: with what the grader has built, if that is there. Beside the
    /// programs lie the scripts of the labs, which are graded too.
    fn hand_over(&self) -> Result<()> {
        let (uid, owner) = if self.user { (1000, "learner") } else { (0, "root") };
        let script = format!(
            "cd {0} && rm -rf tmp && mkdir -p tmp/grader-{uid} && {{ [ ! -d {FORGE} ] || cp -r {FORGE} tmp/grader-{uid}; }} &&
             chown {owner} . && chown -R {owner} tmp && cd {1} && {{ [ -d .git ] || git init --quiet --template=; }} &&
             mkdir -p {PROGRAMS}/labs && cp stages/*/labs/*.sh {PROGRAMS}/labs",
            self.tried.target.display(),
            repository().display(),
        );
        let ended = self.capture(&Request { user: false, ..self.request(&["sh", "-c", &script]) })?;
        anyhow::ensure!(ended.status == 0, "{}", ended.errors);
        Ok(())
    }

    /// Has every limit met.
    fn limits(&self) -> Result<(String, bool)> {
        let script = repository().join(CONTROLLERS).display().to_string();
        let checked = self.capture(&self.request(&["sh", &script]))?;
        let count = |word: &str| checked.output.lines().filter(|line| line.starts_with(word)).count();
        let passed = checked.status == 0 && count("ok ") > 0;
        if !passed {
            progress::say(&format!("{}{}", checked.output, checked.errors));
        }
        Ok((format!("{} hold, {} do not", count("ok "), count("FAILED ")), passed))
    }

    /// Has the judges judge.
    fn judges(&self) -> Result<(String, bool)> {
        let judges = self.tried.judges()?;
        let file = judges.file.display().to_string();
        let asked: Vec<_> = self.asked.iter().map(String::as_str).collect();
        let (names, left_out) =
            if asked.is_empty() { (self.round.judges.to_vec(), &LEFT_OUT[..]) } else { (asked, &[][..]) };
        let skips = left_out.iter().flat_map(|name| ["--skip", name]).collect();
        let words = [vec![&*file, "--test-threads", "3"], skips, names];
        let mut counts = Counts::default();
        self.count(&mut counts, &self.in_package(judges, &words.concat()))?;
        Ok((counts.summary(), counts.are_well()))
    }

    /// Runs tests where they were built.
    fn tests(&self, all: &[&Tests]) -> Result<(String, bool)> {
        let mut counts = Counts::default();
        for tests in all {
            let file = tests.file.display().to_string();
            self.count(&mut counts, &self.in_package(tests, &[&file, "--test-threads", "3"]))?;
        }
        Ok((counts.summary(), counts.are_well()))
    }

    fn in_package(&self, tests: &Tests, command: &[&str]) -> Request {
        let mut request = self.request(command);
        request.folder = tests.package.display().to_string();
        let variables = [
            ("CARGO_MANIFEST_DIR", tests.package.as_path()),
            ("INSTA_WORKSPACE_ROOT", repository()),
            ("INSTA_UPDATE", Path::new("no")),
            ("BOXWRIGHT_JUDGED_BIN_DIR", Path::new(PROGRAMS)),
        ];
        request.environment = variables.map(|(name, value)| (name.to_owned(), value.display().to_string())).into();
        request
    }

    /// Runs a program of tests, and adds what it says.
    fn count(&self, counts: &mut Counts, request: &Request) -> Result<()> {
        let ended = self.capture(request)?;
        let text = [&*ended.output, &*ended.errors].join("\n");
        let may_miss = [MAY_MISS[usize::from(self.user)], self.round.lacks].concat();
        let mut own = Counts::default();
        own.add(ended.status, &text, &may_miss);
        if own.missed().next().is_some() || ended.status != 0 {
            tell(request, &ended, &text, &own);
        }
        counts.add(ended.status, &text, &may_miss);
        Ok(())
    }

    /// Has the course's own programs graded, as somebody's in any language.
    fn grader(&self) -> Result<(String, bool)> {
        let script = format!(
            "forge={0}/tmp/grader-$(id -u)/forge; export BOXWRIGHT_FORGE=$forge NO_COLOR=1
             workshop=/srv/tools/workshop; $workshop start --later ~/bench >/dev/null &&
             $workshop --workbench ~/bench grade all --bin {PROGRAMS} &&
             ! find /sys/fs/cgroup -name 'boxwright-*' | grep .",
            self.tried.target.display(),
        );
        let ended = self.capture(&self.request(&["sh", "-c", &script]))?;
        if ended.status != 0 {
            progress::say(&format!("{}{}", ended.output, ended.errors));
        }
        let score = ended.output.lines().rev().find(|line| line.contains("Score: "));
        Ok((score.unwrap_or("no score").trim().to_owned(), ended.status == 0 && score.is_some()))
    }
}

/// Says what was not as it should be.
fn tell(request: &Request, ended: &Ended, text: &str, counts: &Counts) {
    let missed = counts.missed().collect::<Vec<_>>().join("\n");
    let failures = if ended.status == 0 { "" } else { text.find("\nfailures:").map_or(text, |start| &text[start..]) };
    progress::say(&format!("{:?}: status {}\n{missed}\n{failures}", request.command, ended.status));
}
