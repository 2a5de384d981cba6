//! `watch`: judging on every save, with keys as learners know them.

mod keys;
mod saves;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::overview::{list_words, next_exercise, next_words};
use super::{Place, grade, help, print};
use crate::course::{Course, Exercise};
use crate::grade::{Grader, Work};
use crate::workbench::Workbench;

/// `watch [ID]`.
#[derive(Args)]
pub(super) struct Watch {
    /// The exercise to begin with [default: the next one]
    id: Option<String>,
    /// Look at the files every second, where the host does not tell when they change
    #[arg(long)]
    poll: bool,
}

/// What happens while one watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A file was written.
    Saved,
    /// A key was pressed.
    Key(char),
    /// There will be no more keys.
    NoMoreKeys,
}

/// What is watched.
struct Session<'a> {
    place: &'a Place,
    workbench: Workbench,
    grader: Grader<'a>,
    current: Option<&'a Exercise>,
    /// What every exercise looked like when it was last looked at.
    seen: BTreeMap<String, BTreeMap<PathBuf, String>>,
    /// True after the first of the two presses that it takes to open a hole again.
    wants_reset: bool,
}

/// Editors write a file in several steps.
const PAUSE: Duration = Duration::from_millis(60);

impl Watch {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        let current = match &self.id {
            Some(id) => Some(place.course.exercise(id)?),
            None => next_exercise(place, &workbench.progress()?),
        };
        let grader = place.grader(&workbench)?;
        let seen = snapshot(&place.course, &workbench);
        let (sender, events) = channel();
        // Both go on until this function ends.
        let _watcher = saves::tell(&workbench.folder().join("stages"), self.poll, sender.clone())?;
        let _keys = keys::tell(sender);
        let mut session = Session { place, workbench, grader, current, seen, wants_reset: false };
        session.look()?;
        session.listen(&events)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl<'a> Session<'a> {
    fn listen(&mut self, events: &Receiver<Event>) -> Result<()> {
        while let Ok(event) = events.recv() {
            let goes_on = match event {
                Event::Saved => {
                    while events.recv_timeout(PAUSE) == Ok(Event::Saved) {}
                    self.saved()?;
                    true
                }
                Event::Key(key) => self.key(key)?,
                Event::NoMoreKeys => false,
            };
            if !goes_on {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The exercise at hand: what to do, or what came of it.
    fn look(&mut self) -> Result<()> {
        match self.current {
            Some(exercise) if !self.workbench.is_open(&self.place.course, exercise) => self.judge(exercise),
            _ => {
                print(&next_words(self.place, &self.workbench)?);
                self.prompt();
                Ok(())
            }
        }
    }

    fn judge(&mut self, exercise: &'a Exercise) -> Result<()> {
        print(&format!("\n{}\n", self.place.paint.faint(format!("judging {} …", exercise.id))));
        let outcome = grade::one(self.place, &self.workbench, &self.grader, exercise)?;
        self.current = Some(exercise);
        if outcome.is_passed() {
            print(&format!("{}; n goes on to the next\n", self.place.paint.good("passed")));
        }
        self.prompt();
        Ok(())
    }

    fn prompt(&self) {
        print(&self.place.paint.faint("\nh hint  n next  l list  r run  x reset  c check all  q quit\n"));
    }

    /// Judges what was changed, and only that.
    fn saved(&mut self) -> Result<()> {
        let now = snapshot(&self.place.course, &self.workbench);
        let is_changed = |exercise: &&'a Exercise| now.get(&exercise.id) != self.seen.get(&exercise.id);
        let changed: Vec<_> = self.place.course.exercises().filter(is_changed).collect();
        self.seen = now;
        // A file with several holes belongs to several exercises: the one at hand comes first, then those that are begun.
        let course = &self.place.course;
        let is_at_hand = |exercise: &&&Exercise| self.current.is_some_and(|current| current.id == exercise.id);
        let chosen: Vec<_> = match changed.iter().find(is_at_hand) {
            Some(exercise) => vec![*exercise],
            None => changed.into_iter().filter(|exercise| !self.workbench.is_open(course, exercise)).collect(),
        };
        chosen.into_iter().try_for_each(|exercise| self.judge(exercise))
    }

    /// False when it was the key to quit.
    fn key(&mut self, key: char) -> Result<bool> {
        let wants_reset = std::mem::take(&mut self.wants_reset);
        match (key, self.current) {
            ('q', _) => return Ok(false),
            ('h', Some(exercise)) => print(&help::next_hint(self.place, &self.workbench, exercise, None)?),
            ('l', _) => print(&list_words(self.place, Some(&self.workbench))?),
            ('r', Some(exercise)) => self.judge(exercise)?,
            ('n', current) => self.go_on(current)?,
            ('c', _) => self.check_all()?,
            ('x', Some(exercise)) if wants_reset => self.reset(exercise)?,
            ('x', Some(exercise)) => {
                self.wants_reset = true;
                print(&format!(
                    "Press x again to open the hole of {} again; what is in it will be kept.\n",
                    exercise.id
                ));
            }
            _ => {}
        }
        Ok(true)
    }

    /// To the first that is not done, and from there to those after it.
    fn go_on(&mut self, current: Option<&Exercise>) -> Result<()> {
        let progress = self.workbench.progress()?;
        let is_open = |exercise: &&'a Exercise| !progress.of(&exercise.id).passed;
        let mut after = self.place.course.exercises().skip_while(|one| current.is_some_and(|now| now.id != one.id));
        after.next();
        self.current = after.find(is_open).or_else(|| self.place.course.exercises().find(is_open));
        match self.current {
            Some(exercise) => print(&super::overview::task_words(self.place, &self.workbench, exercise)),
            None => print("Every exercise is done.\n"),
        }
        self.prompt();
        Ok(())
    }

    fn check_all(&mut self) -> Result<()> {
        let begun = self.place.course.exercises().filter(|one| !self.workbench.is_open(&self.place.course, one));
        let jobs: Vec<_> = begun.map(|one| (one, self.workbench.work(&self.place.course, one))).collect();
        let outcomes = self.grader.grade_all(&jobs, &|one| print(&crate::show::outcome(one, self.place.paint)))?;
        grade::note(&mut self.workbench.progress()?, &outcomes)?;
        print(&(crate::show::summary(&outcomes, self.place.paint) + &crate::show::score(&outcomes)));
        Ok(())
    }

    fn reset(&mut self, exercise: &'a Exercise) -> Result<()> {
        let kept = self.workbench.reset(&self.place.course, exercise)?;
        self.seen = snapshot(&self.place.course, &self.workbench);
        let kept = kept.map(|file| format!("; what you had is in {}", file.display())).unwrap_or_default();
        print(&format!("{} is open again{kept}\n", exercise.id));
        Ok(())
    }
}

/// The files of every exercise as they are now.
fn snapshot(course: &Course, workbench: &Workbench) -> BTreeMap<String, BTreeMap<PathBuf, String>> {
    let files = |exercise: &Exercise| match workbench.work(course, exercise) {
        Work::Files(files) => files,
        Work::Programs(_) => BTreeMap::new(),
    };
    course.exercises().map(|exercise| (exercise.id.clone(), files(exercise))).collect()
}
