//! `watch`, from the first save to the last key.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::learner::{Learner, SOLVED, TOO_EARLY};

/// `watch`, with its keys in a pipe.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn begin(learner: &Learner, words: &[&str]) -> Self {
        let mut command = learner.command(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn press(&mut self, key: &str) {
        self.child.stdin.as_mut().unwrap().write_all(key.as_bytes()).unwrap();
    }

    fn hears(&self, word: &str) {
        let mut heard = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(180));
            let line = line.unwrap_or_else(|error| panic!("{word:?} is never said ({error}): {heard}"));
            if line.contains(word) {
                return;
            }
            heard.push_str(&(line + "\n"));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watches(words: &[&str]) {
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    let mut watching = Watching::begin(&learner, words);
    watching.hears("q quit");
    learner.write("uts-1", TOO_EARLY);
    watching.hears("(hostname-first)");
    watching.hears("q quit");
    learner.write("uts-1", SOLVED);
    watching.hears("passed; n goes on");
    // In another terminal.
    learner.says(&["grade", "uts-1"], 0);
    watching.press("h");
    watching.hears("Hint 1 of 3");
    watching.press("l");
    watching.hears("passed     uts-1");
    watching.press("xx");
    watching.hears("is open again");
    watching.press("q");
    assert!(watching.child.wait().unwrap().success());
}

#[test]
fn watch_judges_on_every_save_and_knows_its_keys() {
    watches(&["watch", "uts-1"]);
}

#[test]
fn watch_polls_where_nobody_tells() {
    watches(&["watch", "--poll", "uts-1"]);
}
