//! That a contained command runs, and which process it is.

use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Running;

impl Checks {
    /// That the contained command runs: it must print a line with `word`. Gives its process.
    ///
    /// # Errors
    /// It does not, and there is nothing to judge.
    pub fn arrives(&mut self, running: &mut Running<'_>, word: &str) -> Judged<Process> {
        let said = running.line_with(word);
        let process = said.as_ref().and_then(|_| running.process()).map(|program| contained(program, word));
        if process.is_none() {
            let command = running.command().to_owned();
            let words = running.so_far();
            let end = running.ending_in_words();
            let saw = if words.is_empty() { end } else { format!("{}\n{end}", last_lines(&words)) };
            self.check("the command runs").did(command).saw(saw).means(running.why_unheard()).must(false)?;
        }
        process.ok_or(crate::checks::Stop::Failed)
    }
}

/// Of a program and all that it has started, the last that was given this word: that is the command.
fn contained(program: Process, word: &str) -> Process {
    let has_word = |process: &Process| process.read("cmdline").contains(word);
    program.descendants().into_iter().rev().find(has_word).unwrap_or(program)
}

fn last_lines(words: &str) -> String {
    let lines: Vec<_> = words.lines().rev().take(6).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
