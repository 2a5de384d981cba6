//! A learner: a workbench, and the guide in it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use grader::course::replace;
use tempfile::TempDir;

use crate::common::{course, folder, helper};

pub const SOLVED: &str = "    kernel.because(\"mine\").unshare(CloneFlags::CLONE_NEWUTS)?;\n    kernel.because(\"named\").sethostname(name)\n";
pub const TOO_EARLY: &str = "    kernel.because(\"early\").sethostname(name)?;\n    kernel.because(\"late\").unshare(CloneFlags::CLONE_NEWUTS)\n";
pub const FILE: &str = "stages/02-unshare/src/uts.rs";

/// A learner: a workbench, and the guide in it.
pub struct Learner {
    pub home: TempDir,
    pub course: PathBuf,
}

impl Learner {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), course: course().root }
    }

    pub fn bench(&self) -> PathBuf {
        self.home.path().join("bench")
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(helper());
        command.arg("--workbench").arg(self.bench()).arg("--course").arg(&self.course).args(words);
        command.env("BOXWRIGHT_FORGE", folder("forge")).stdin(Stdio::null());
        command
    }

    pub fn guide(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What it says, given that it ends with this status.
    pub fn says(&self, words: &[&str], status: i32) -> String {
        let output = self.guide(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}{complained}");
        complained + &said
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.bench().join(file)).unwrap()
    }

    pub fn write(&self, id: &str, body: &str) {
        let text = replace(&self.read(FILE), |known, _, _| (known == id).then(|| body.to_owned())).unwrap();
        fs::write(self.bench().join(FILE), text).unwrap();
    }
}

/// That a text has all of these in it.
pub fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}
