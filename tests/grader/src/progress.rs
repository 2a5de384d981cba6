//! What is done, in a text file: one line an exercise, by its id. Two such files one after the other are one.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workbench::owner;

/// What is known of one exercise or prediction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Every check held.
    pub passed: bool,
    /// The most points that were ever reached.
    pub score: f64,
    /// How many hints were asked for.
    pub hints: u32,
    /// How often it was graded.
    pub tries: u32,
    /// The solution was shown before it was passed.
    pub surrendered: bool,
    /// The course's own lines were taken.
    pub caught_up: bool,
    /// The answer that was given to a prediction, and whether it was right.
    pub answer: Option<(String, bool)>,
}

/// The whole file.
#[derive(Clone, Debug)]
pub struct Progress {
    file: PathBuf,
    entries: BTreeMap<String, Entry>,
}

impl Progress {
    /// Reads it; one that is not there is empty. What nobody understands is passed over.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(file: &Path) -> Result<Self> {
        let text = match fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let mut entries = BTreeMap::<String, Entry>::new();
        for (id, entry) in text.lines().filter_map(parse) {
            entries.entry(id).or_default().join(entry);
        }
        Ok(Self { file: file.to_owned(), entries })
    }

    /// What is known of one.
    pub fn of(&self, id: &str) -> Entry {
        self.entries.get(id).cloned().unwrap_or_default()
    }

    /// Changes what is known of one, and writes the file: whole, or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note(&mut self, id: &str, change: impl FnOnce(&mut Entry)) -> Result<()> {
        change(self.entries.entry(id.to_owned()).or_default());
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
        std::io::Write::write_all(&mut file, self.to_string().as_bytes()).context("the progress cannot be written")?;
        file.persist(&self.file).with_context(|| self.file.display().to_string())?;
        if let Some((user, group)) = owner(folder).filter(|_| nix::unistd::geteuid().is_root()) {
            // Root may be visiting.
            std::os::unix::fs::chown(&self.file, Some(user), Some(group))
                .context("the progress cannot be handed over")?;
        }
        Ok(())
    }
}

impl Entry {
    /// The better of two lines counts.
    fn join(&mut self, other: Self) {
        self.passed |= other.passed;
        self.score = self.score.max(other.score);
        self.hints = self.hints.max(other.hints);
        self.tries = self.tries.max(other.tries);
        self.surrendered |= other.surrendered;
        self.caught_up |= other.caught_up;
        // What was answered first was the prediction.
        self.answer = self.answer.take().or(other.answer);
    }
}

fn parse(line: &str) -> Option<(String, Entry)> {
    let mut words = line.split_whitespace();
    let id = words.next().filter(|id| !id.starts_with('#'))?.trim_end_matches(':').to_owned();
    let mut entry = Entry::default();
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "passed" => entry.passed = true,
            "surrendered" => entry.surrendered = true,
            "caught-up" => entry.caught_up = true,
            "score" => entry.score = value.parse().unwrap_or(0.0),
            "hints" => entry.hints = value.parse().unwrap_or(0),
            "tries" => entry.tries = value.parse().unwrap_or(0),
            "right" => entry.answer = Some((value.to_owned(), true)),
            "wrong" => entry.answer = Some((value.to_owned(), false)),
            _ => {}
        }
    }
    Some((id, entry))
}

impl Display for Progress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(
            formatter,
            "# What is done in this workbench, one line an exercise. Of two lines the better one counts."
        )?;
        self.entries.iter().try_for_each(|(id, entry)| writeln!(formatter, "{id}:{entry}"))
    }
}

impl Display for Entry {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let flags = [(self.passed, "passed"), (self.surrendered, "surrendered"), (self.caught_up, "caught-up")];
        flags.iter().filter(|(is_set, _)| *is_set).try_for_each(|(_, name)| write!(formatter, " {name}"))?;
        let numbers = [(f64::from(self.tries), "tries"), (self.score, "score"), (f64::from(self.hints), "hints")];
        numbers
            .iter()
            .filter(|(value, _)| *value > 0.0)
            .try_for_each(|(value, name)| write!(formatter, " {name}={value}"))?;
        match &self.answer {
            Some((answer, is_right)) => write!(formatter, " {}={answer}", if *is_right { "right" } else { "wrong" }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.txt");
        let mut progress = Progress::read(&file).unwrap();
        assert_eq!(progress.of("uts-1"), Entry::default());
        let entry = Entry { passed: true, score: 1.5, hints: 2, tries: 3, surrendered: true, ..Entry::default() };
        progress.note("uts-1", |now| *now = entry.clone()).unwrap();
        progress.note("predict-ps", |now| now.answer = Some(("one".into(), true))).unwrap();
        let again = Progress::read(&file).unwrap();
        assert_eq!(again.of("uts-1"), entry);
        assert_eq!(again.of("predict-ps").answer, Some(("one".to_owned(), true)));
        assert_eq!(again.to_string(), progress.to_string());
    }

    #[test]
    fn two_files_one_after_the_other_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.txt");
        fs::write(
            &file,
            "# a\nuts-1: tries=1 score=1\n\nuts-1: passed score=2 tries=4\nnonsense\nx-1: new-word=3 hints=1\n",
        )
        .unwrap();
        let progress = Progress::read(&file).unwrap();
        assert_eq!(progress.of("uts-1"), Entry { passed: true, score: 2.0, tries: 4, ..Entry::default() });
        assert_eq!(progress.of("x-1").hints, 1);
    }
}
