//! Making a workbench, and making it again after the course has changed: what a learner has written stays.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{BASE, Merged, OWN, Workbench, cut, merge};
use crate::course::{Course, bodies, files_below, ids, replace};
use crate::forge::write_if_other;

/// What `start` has done.
#[derive(Clone, Debug, Default)]
pub struct Started {
    /// True when there was no workbench before.
    pub is_new: bool,
    /// Files that were brought up to date.
    pub updated: Vec<PathBuf>,
    /// Files in which the learner and the course have changed the same lines: theirs stayed, and the course's lies beside.
    pub conflicts: Vec<PathBuf>,
    /// Where the learner's lines for exercises went that are no more.
    pub kept: Vec<PathBuf>,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

impl Workbench {
    /// Makes a workbench in `folder`, or brings one up to date.
    ///
    /// # Errors
    /// The folder has something else in it, or cannot be written to.
    pub fn start(course: &Course, folder: &Path) -> Result<(Self, Started)> {
        let is_new = !folder.join(OWN).is_dir();
        if is_new && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{} is not empty, and no workbench: name another folder", folder.display());
        }
        let base = folder.join(OWN).join(BASE);
        fs::create_dir_all(&base).with_context(|| base.display().to_string())?;
        let workbench = Self::open(folder)?;
        let mut started = Started { is_new, ..Started::default() };
        let new = cut(course)?;
        workbench.keep_what_has_no_place(course, &mut started)?;
        for (name, ours) in &new {
            workbench.bring(name, ours, &mut started)?;
        }
        workbench.drop_what_is_no_more(&new, &mut started)?;
        Ok((workbench, started))
    }

    fn base(&self) -> PathBuf {
        self.folder.join(OWN).join(BASE)
    }

    /// One file. The base afterwards is what the course has now.
    fn bring(&self, name: &Path, ours: &[u8], started: &mut Started) -> Result<()> {
        let (file, base) = (self.folder.join(name), self.base().join(name));
        let (theirs, before) = (fs::read(&file).ok(), fs::read(&base).ok());
        let is_lock = name == Path::new("Cargo.lock");
        let wanted = match (theirs, before) {
            // cargo itself writes this one.
            (Some(_), Some(before)) if is_lock && before == ours => None,
            (Some(theirs), Some(before)) if !is_lock => merged(&before, &theirs, ours),
            (Some(theirs), None) if theirs != ours => None,
            _ => Some(ours.to_vec()),
        };
        match wanted {
            Some(content) => {
                if write_if_other(&file, &content)? && !started.is_new {
                    started.updated.push(name.to_owned());
                }
            }
            None if is_lock => {}
            None => {
                let beside = PathBuf::from(format!("{}.new", file.display()));
                write_if_other(&beside, ours)?;
                started.conflicts.push(name.to_owned());
            }
        }
        write_if_other(&base, ours)?;
        Ok(())
    }

    /// Lines in holes that the course no longer has.
    fn keep_what_has_no_place(&self, course: &Course, started: &mut Started) -> Result<()> {
        for base in files_below(&self.base()) {
            let name = base.strip_prefix(self.base()).unwrap_or(&base).to_owned();
            let (Ok(before), Ok(theirs)) = (fs::read_to_string(&base), fs::read_to_string(self.folder.join(&name)))
            else {
                continue;
            };
            for id in ids(&before) {
                let is_there = course.holes().any(|hole| hole.id == id && hole.file == name);
                let lines = bodies(&theirs, &id);
                if !is_there && lines != bodies(&before, &id) {
                    started.kept.push(self.keep_text(&id, &lines.concat())?);
                }
            }
        }
        Ok(())
    }

    /// Files that the course has no longer: gone, unless the learner has changed them.
    fn drop_what_is_no_more(&self, new: &Files, started: &mut Started) -> Result<()> {
        for base in files_below(&self.base()) {
            let name = base.strip_prefix(self.base()).unwrap_or(&base).to_owned();
            if new.contains_key(&name) {
                continue;
            }
            let file = self.folder.join(&name);
            if fs::read(&file).ok() == fs::read(&base).ok() {
                fs::remove_file(&file).with_context(|| file.display().to_string())?;
                started.updated.push(name);
            }
            fs::remove_file(&base).with_context(|| base.display().to_string())?;
        }
        Ok(())
    }
}

/// What the learner has written into the holes, in the new file; and their other changes, as far as they can be merged.
fn merged(before: &[u8], theirs: &[u8], ours: &[u8]) -> Option<Vec<u8>> {
    if before == theirs {
        return Some(ours.to_vec());
    }
    let (Ok(before), Ok(theirs), Ok(ours)) = (str::from_utf8(before), str::from_utf8(theirs), str::from_utf8(ours))
    else {
        return None;
    };
    let written = |id: &str, at: usize, body: &str| {
        let lines = bodies(theirs, id).get(at)?.clone();
        // An untouched hole gets what the course now says in it.
        let was = bodies(before, id).get(at).cloned();
        (was.as_deref() != Some(lines.as_str()) && lines != body).then_some(lines)
    };
    let (Ok(before), Ok(ours)) = (replace(before, written), replace(ours, written)) else {
        return None;
    };
    match merge(&before, theirs, &ours) {
        Merged::Clean(text) => Some(text.into_bytes()),
        Merged::Conflict => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(before: &str, theirs: &str, ours: &str) -> Option<String> {
        merged(before.as_bytes(), theirs.as_bytes(), ours.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    const BEFORE: &str = "use a;\n\nfn f() {\n// EXERCISE x-1: Old\ntodo!(\"x-1: Old\")\n// END x-1\n}\n\nfn g() {\n// EXERCISE y-1: Y\ntodo!(\"y-1: Y\")\n// END y-1\n}\n";

    #[test]
    fn what_was_written_stays_and_the_rest_is_brought_up_to_date() {
        let theirs = BEFORE.replace("todo!(\"x-1: Old\")", "mine()").replace("use a;", "use a;\nuse mine;");
        let ours = BEFORE.replace("Old", "New").replace("Y", "Z").replace("fn g()", "fn other()");
        let merged = brought(BEFORE, &theirs, &ours).unwrap();
        let expected = ours.replace("todo!(\"x-1: New\")", "mine()").replace("use a;", "use a;\nuse mine;");
        assert_eq!(merged, expected);
    }

    #[test]
    fn the_same_lines_changed_by_both_are_a_conflict() {
        let (theirs, ours) = (BEFORE.replace("use a;", "use b;"), BEFORE.replace("use a;", "use c;"));
        assert_eq!(brought(BEFORE, &theirs, &ours), None);
    }
}
