//! A call of a program: its arguments, its environment, who makes it.

use std::path::PathBuf;

use super::{Bench, PATH};
use crate::checks::Judged;
use crate::sandbox::{Ran, Running, Start, Who};

/// A call that has not been made yet.
#[must_use = "end it with `start` or `run`"]
pub struct Call<'a> {
    bench: &'a Bench,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Who makes it for us, and what is not told of that.
    gate: &'static [&'static str],
    directory: PathBuf,
    who: Who,
    input: Option<String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(bench: &'a Bench, program: String, mut arguments: Vec<String>) -> Self {
        arguments.insert(0, program);
        let environment = [
            ("PATH", PATH),
            ("HOME", "/home/learner"),
            ("LC_ALL", "C"),
            ("TMPDIR", "/tmp"),
            ("BOXWRIGHT_HOME", "/work/boxes"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { bench, arguments, environment, gate: &[], directory: "/work".into(), who: Who::Ordinary, input: None }
    }

    /// Who makes it; an ordinary user unless told otherwise.
    pub fn who(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// Root makes it.
    pub fn as_root(self) -> Self {
        self.who(Who::Root)
    }

    /// A variable of its environment.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Where it is made; in /work unless told otherwise.
    pub fn at(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// What it can read, after which comes the end.
    pub fn with_input(mut self, input: impl Into<String>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// What makes it, when the time has come: a program that is given all that is called, and becomes it.
    pub(super) fn behind(mut self, gate: &'static [&'static str]) -> Self {
        self.gate = gate;
        self
    }

    /// Makes it, and leaves the program running.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn start(self) -> Judged<Running<'a>> {
        let (gate, arguments) = (self.gate, self.arguments.as_slice());
        let start =
            Start { gate, arguments, environment: &self.environment, directory: &self.directory, who: self.who };
        let mut running = self.bench.sandbox().start(&start)?;
        if let Some(input) = &self.input {
            running.write(input);
            running.hush();
        }
        Ok(running)
    }

    /// Makes it, and waits for the program's end.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn run(self) -> Judged<Ran> {
        Ok(self.start()?.end())
    }
}
