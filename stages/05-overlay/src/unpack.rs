//! A layer becomes a directory: each entry of the archive in turn, and nothing outside the directory.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use groundwork::Kernel;

use crate::archive::Archive;
use crate::entry::{About, Entry, Kind};
use crate::fresh::{self, Beginning};
use crate::name::{self, Instruction};
use crate::report::{Owners, Report, UnpackOptions};
use crate::stream;
use crate::tree::Tree;

// ANCHOR: unpack
/// Unpacks the layer that `reader` holds, plain or gzip, into `directory`.
///
/// A directory that is not there yet appears when all of it is there. One that is there is written into.
///
/// # Errors
/// The archive is cut short, damaged or larger than allowed, or asks for what a layer may not ask for; what the kernel
/// refuses. Then a directory that was not there is not there; an empty one is empty; of any other, the error says so.
pub fn unpack(
    kernel: &Kernel,
    reader: impl Read + Send + 'static,
    directory: &Path,
    options: &UnpackOptions,
) -> Result<Report> {
    fresh::whole_or_not_at_all(kernel, directory, |place, beginning| {
        let mut archive = Archive::new(stream::decompressed(reader, options.max_size)?);
        let mut unpacker = Unpacker::new(kernel, place, beginning, options)?;
        while let Some(entry) = next_entry(&mut archive)? {
            let number = archive.count;
            ensure!(
                number <= options.max_entries,
                "the archive has more than {} entries; if you trust it, allow more with --max-entries",
                options.max_entries
            );
            let placed = unpacker.entry(&entry, &mut archive);
            placed.with_context(|| format!("entry {number}: {}", entry.path.display()))?;
        }
        archive.finish()?;
        unpacker.finish()
    })
}
// ANCHOR_END: unpack

fn next_entry<R: BufRead>(archive: &mut Archive<R>) -> Result<Option<Entry>> {
    let before = archive.count;
    archive.next_entry().with_context(|| format!("entry {}", before + 1))
}

/// A layer half unpacked.
pub(crate) struct Unpacker<'a> {
    pub(crate) tree: Tree<'a>,
    pub(crate) options: &'a UnpackOptions,
    pub(crate) report: Report,
    /// What this layer has placed, and the directories above. Nothing when the tree began empty: then it is all there is.
    pub(crate) placed: Option<HashSet<PathBuf>>,
    /// Directories that get their owner, mode and time when everything is in them.
    pub(crate) unfinished: BTreeMap<PathBuf, About>,
}

impl<'a> Unpacker<'a> {
    fn new(kernel: &'a Kernel, place: &Path, beginning: Beginning, options: &'a UnpackOptions) -> Result<Self> {
        let mut unfinished = BTreeMap::new();
        if beginning == Beginning::Nothing {
            unfinished.insert(PathBuf::new(), About::of_a_directory_that_nobody_described());
        }
        Ok(Self {
            tree: Tree::open_root(kernel, place)?,
            options,
            report: Report::default(),
            placed: (beginning == Beginning::Tree).then(HashSet::new),
            unfinished,
        })
    }

    // ANCHOR: entry
    fn entry<R: BufRead>(&mut self, entry: &Entry, content: &mut Archive<R>) -> Result<()> {
        self.report.entries += 1;
        let Some(instruction) = name::instruction(&entry.path)? else { return self.place(entry, content) };
        let is_file = matches!(entry.kind, Kind::File(_) | Kind::Link(_));
        ensure!(
            is_file || instruction == Instruction::Bookkeeping,
            "a whiteout is an empty file; this entry is something else"
        );
        match instruction {
            Instruction::Hide(path) => self.hide(&path),
            Instruction::HideAllIn(path) => self.hide_all_in(&path),
            Instruction::Bookkeeping => {
                self.report.leave_out(&entry.path, "a note of aufs to itself");
                Ok(())
            }
        }
    }
    // ANCHOR_END: entry

    fn finish(mut self) -> Result<Report> {
        self.finish_directories()?;
        Ok(self.report)
    }

    /// Notes that this layer brought what is at `path`, so that its own whiteouts spare it.
    pub(crate) fn note_placed(&mut self, path: &Path) {
        let Some(placed) = &mut self.placed else { return };
        for path in path.ancestors() {
            if !placed.insert(path.to_owned()) {
                break;
            }
        }
    }

    /// True when this layer brought what is at `path`, given that something is there.
    pub(crate) fn was_placed(&self, path: &Path) -> bool {
        self.placed.as_ref().is_none_or(|placed| placed.contains(path))
    }

    /// The owner to give, when the caller can give files away.
    pub(crate) fn owner(&mut self, about: &About) -> Option<(nix::unistd::Uid, nix::unistd::Gid)> {
        let (user, group) = (nix::unistd::Uid::from_raw(about.user), nix::unistd::Gid::from_raw(about.group));
        if self.options.owners == Owners::Keep {
            return Some((user, group));
        }
        self.report.owners_changed |= !user.is_root() || group.as_raw() != 0;
        None
    }
}
