//! What was asked of the layer code, and what came of it.

use std::path::{Path, PathBuf};

/// What a whiteout of the archive becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whiteouts {
    /// A mark that overlayfs reads: the directory is one layer of several.
    #[default]
    Mark,
    /// The deletion itself: the directory is a whole tree, and the layer is flattened onto it.
    Apply,
}

/// Whose the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// As the archive or the file system says. Needs CAP_CHOWN to unpack.
    Keep,
    /// The caller's: unpacked, everything is theirs; committed, what is theirs is root's.
    Caller,
}

impl Owners {
    /// Root can give files away; everybody else keeps what they make.
    pub fn that_the_caller_can_have() -> Self {
        if nix::unistd::geteuid().is_root() { Self::Keep } else { Self::Caller }
    }
}

/// How to unpack a layer.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    /// What a whiteout becomes.
    pub whiteouts: Whiteouts,
    /// Whose the files are.
    pub owners: Owners,
    /// The most bytes that the archive may hold once decompressed, and that its files may claim to have.
    pub max_size: u64,
    /// The most entries that it may have.
    pub max_entries: u64,
}

impl Default for UnpackOptions {
    fn default() -> Self {
        Self {
            whiteouts: Whiteouts::Mark,
            owners: Owners::that_the_caller_can_have(),
            max_size: 64 << 30,
            max_entries: 5_000_000,
        }
    }
}

/// How to commit a layer.
#[derive(Clone, Debug)]
pub struct CommitOptions {
    /// Whose the files are.
    pub owners: Owners,
    /// The init layer of the container: the mount points that it brought are left out, as long as they are empty.
    pub init: Option<PathBuf>,
    /// No time in the archive is later than this one, in seconds since 1970: see reproducible-builds.org.
    pub latest: Option<i64>,
}

impl Default for CommitOptions {
    fn default() -> Self {
        Self { owners: Owners::that_the_caller_can_have(), init: None, latest: None }
    }
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Entries read or written, whiteouts among them.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
    /// True when an entry belongs to somebody else than the file that came of it.
    pub owners_changed: bool,
    /// What did not come along, with the reason. Complete up to [`Report::MOST_LISTED`].
    pub left_out: Vec<(PathBuf, String)>,
    /// How many are left out in all.
    pub left_out_count: u64,
}

impl Report {
    /// An archive of nothing but devices should not fill our memory.
    pub const MOST_LISTED: usize = 1000;

    pub(crate) fn leave_out(&mut self, path: &Path, why: impl Into<String>) {
        self.left_out_count += 1;
        if self.left_out.len() < Self::MOST_LISTED {
            self.left_out.push((path.to_owned(), why.into()));
        }
    }

    /// The list as lines for a person, "left out: …".
    pub fn left_out_in_words(&self) -> String {
        let mut words = String::new();
        for (path, why) in &self.left_out {
            words.push_str(&format!("left out: {}: {why}\n", path.display()));
        }
        let more = self.left_out_count - self.left_out.len() as u64;
        if more > 0 {
            words.push_str(&format!("left out: {more} more\n"));
        }
        words
    }
}
