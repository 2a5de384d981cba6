//! A chapter, typed from its first block to its last.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result};
use similar::TextDiff;

use super::filters::{Pids, at_home};
use super::left::Orphans;
use super::namespaces::Namespaces;
use super::script::{Command, Transcript, transcripts};
use super::shell::{Kind, Shell};
use super::stand::{Needs, Stand, Who};
use super::{compare, left};
use crate::place::Place;

/// What came of a chapter.
#[derive(Debug, Default)]
pub struct Report {
    /// How many blocks were run.
    pub run: usize,
    /// Blocks that this host or this user cannot run: the line, the need that is not met, and why.
    pub skipped: Vec<(usize, String)>,
    /// Blocks that are never run: the line, and why.
    pub norun: Vec<(usize, String)>,
    /// What is not as it is printed, and what was left behind.
    pub wrong: Vec<String>,
    /// How many commands could not be typed, because their shell had ended.
    pub untyped: usize,
    /// The chapter with what was seen, if that differs.
    pub renewed: Option<String>,
}

/// Types the blocks of `book/src/NAME`.
///
/// # Errors
/// The chapter cannot be read, or there is no place to type it in.
pub fn run(place: &Place, built: &Path, name: &str) -> Result<Report> {
    let text = std::fs::read_to_string(place.chapters().join(name)).with_context(|| format!("book/src/{name}"))?;
    let scripts = transcripts(&text).with_context(|| format!("book/src/{name}"))?;
    let mut report = Report::default();
    if scripts.is_empty() {
        return Ok(report);
    }
    let stand = Stand::make(place, built)?;
    let orphans = Rc::new(Orphans::adopt()?);
    let (needs, shells) = (BTreeMap::new(), BTreeMap::new());
    let (pids, namespaces) = (Pids::from_now_on(), Namespaces::of_session());
    let mut session = Session { stand: &stand, name, orphans, pids, namespaces, needs, shells };
    let to_run = session.choose(&scripts, &mut report)?;
    let kinds = kinds(&to_run);
    let mut changes = Vec::new();
    for ((who, indent, command), kind) in to_run.iter().zip(kinds) {
        let made = session.typed(*who, command, kind, &mut report);
        changes.extend(made.map(|made| (*indent, *command, made)));
    }
    session.end(&mut report);
    if report.untyped > 0 {
        report.wrong.push(format!("book/src/{name}: {} commands after that were not typed", report.untyped));
    }
    report.wrong.extend(left::behind(&stand).into_iter().map(|what| format!("book/src/{name}: left behind: {what}")));
    stand.folder.close().or_else(|error| {
        report.wrong.push(format!("book/src/{name}: left behind: {error}"));
        Ok::<_, anyhow::Error>(())
    })?;
    report.renewed = (!changes.is_empty()).then(|| renewed(&text, &changes));
    Ok(report)
}

struct Session<'a> {
    stand: &'a Stand,
    name: &'a str,
    orphans: Rc<Orphans>,
    pids: Pids,
    namespaces: Namespaces,
    needs: BTreeMap<Who, Needs>,
    /// Nothing where a shell has ended too early.
    shells: BTreeMap<Who, Option<Shell>>,
}

type Typed<'a> = (Who, &'a str, &'a Command);

impl Session<'_> {
    /// The commands that can be run here, and who types them.
    fn choose<'a>(&mut self, scripts: &'a [Transcript], report: &mut Report) -> Result<Vec<Typed<'a>>> {
        let mut chosen = Vec::new();
        let mut skipped: BTreeMap<Who, String> = BTreeMap::new();
        for script in scripts {
            let who = if script.flags.root { Who::Root } else { Who::Ordinary };
            // A block that is typed to a shell that was never started cannot be typed either.
            let before = skipped.remove(&who).filter(|_| script.commands.first().is_some_and(|first| first.nested));
            if let Some(why) = &script.norun {
                report.norun.push((script.line, why.clone()));
            } else if let Some(why) = self.missing(who, &script.flags.needs)?.or(before) {
                skipped.insert(who, why.clone());
                report.skipped.push((script.line, why));
            } else {
                report.run += 1;
                chosen.extend(script.commands.iter().map(|command| (who, script.indent.as_str(), command)));
            }
        }
        Ok(chosen)
    }

    /// The first need that is not met, and why.
    fn missing(&mut self, who: Who, needs: &[String]) -> Result<Option<String>> {
        if who == Who::Root && !nix::unistd::geteuid().is_root() {
            return Ok(Some("Root: typed by root; run the tests as root too".to_owned()));
        }
        if !needs.is_empty() && !self.needs.contains_key(&who) {
            self.needs.insert(who, self.stand.needs(who)?);
        }
        for need in needs {
            if let Some(why) = self.needs[&who].missing(need)? {
                return Ok(Some(format!("{need}: {why}")));
            }
        }
        Ok(None)
    }

    /// Types a command. Gives what to print there, if it is not what is printed.
    fn typed(&mut self, who: Who, command: &Command, kind: Kind, report: &mut Report) -> Option<Vec<String>> {
        let place = format!("book/src/{}:{}: {}", self.name, command.line, command.text);
        let (stand, orphans) = (self.stand, Rc::clone(&self.orphans));
        let start = || Shell::start(stand.command(who, "sh"), Some(orphans)).ok();
        let Some(shell) = self.shells.entry(who).or_insert_with(start) else {
            report.untyped += 1;
            return None;
        };
        match shell.run(&command.text, kind) {
            Err(error) => {
                let error = at_home(stand, &format!("{error:#}")).replace('\n', "\n  ");
                report.wrong.push(format!("{place}\n  {error}"));
                self.shells.insert(who, None);
                None
            }
            Ok(printed) => {
                let (difference, made) = self.compared(&command.expected, &at_home(stand, &printed))?;
                report.wrong.push(format!("{place}\n{difference}"));
                Some(made)
            }
        }
    }

    /// What differs, if something does, and what to print instead.
    fn compared(&mut self, expected: &[String], printed: &str) -> Option<(String, Vec<String>)> {
        let seen: Vec<_> = printed.lines().map(str::to_owned).collect();
        let pids = self.pids.so_far();
        let wrong = match compare::aligned(expected, &seen, pids) {
            Some(lines) => Some(self.namespaces.wrong(&lines)?),
            None => None,
        };
        let seen: Vec<_> = seen.iter().map(|line| self.namespaces.as_on_the_page(line)).collect();
        let made = compare::renewed(expected, &seen, pids, wrong.is_none());
        let difference = difference(expected, &seen);
        Some((wrong.map_or(difference.clone(), |wrong| format!("  {wrong}\n{difference}")), made))
    }

    fn end(&mut self, report: &mut Report) {
        for (who, shell) in std::mem::take(&mut self.shells) {
            if let Some(Err(error)) = shell.map(Shell::end) {
                report.wrong.push(format!("book/src/{}: the shell of {who:?}: {error:#}", self.name));
            }
        }
    }
}

/// Which commands start a shell, and which are typed to it.
fn kinds(commands: &[Typed<'_>]) -> Vec<Kind> {
    let kind = |(at, (who, _, command)): (usize, &Typed<'_>)| {
        let next_is_nested =
            commands[at + 1..].iter().find(|(other, ..)| other == who).is_some_and(|next| next.2.nested);
        let word = command.text.split_whitespace().next();
        match (command.nested, next_is_nested) {
            (false, false) => Kind::Plain,
            (false, true) => Kind::Opens,
            (true, false) if word == Some("exit") => Kind::Closes,
            (true, _) => Kind::Inner,
        }
    };
    commands.iter().enumerate().map(kind).collect()
}

fn difference(expected: &[String], seen: &[String]) -> String {
    let text = |lines: &[String]| lines.iter().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    let (expected, seen) = (text(expected), text(seen));
    let changes = TextDiff::from_lines(&expected, &seen);
    let changes = changes.iter_all_changes().map(|change| format!("  {}{}", change.tag(), change.value()));
    changes.collect::<String>().trim_end().to_owned()
}

/// The text with what was seen in the place of what was expected.
fn renewed(text: &str, changes: &[(&str, &Command, Vec<String>)]) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let mut changes: Vec<_> = changes.iter().collect();
    changes.sort_by_key(|(_, command, _)| std::cmp::Reverse(command.line));
    for (indent, command, made) in changes {
        let first = command.line - 1 + command.lines;
        let made = made.iter().map(|line| format!("{indent}{line}"));
        lines.splice(first..first + command.expected.len(), made);
    }
    lines.join("\n") + "\n"
}
