//! Where the archives are unpacked, and the tree around that must not change.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use groundwork::Kernel;
use overlay::{Report, UnpackOptions, Whiteouts};
use tempfile::TempDir;

use crate::archive::{Archive, archive};
use crate::tree::{Tree, tree, tree_without};

/// Two directories above the one that is unpacked into, so that climbing is seen, and what a hostile archive is after.
pub(crate) struct Place {
    root: TempDir,
    before: Tree,
}

/// What came of an archive.
pub(crate) struct Unpacked {
    pub(crate) place: Place,
    pub(crate) report: Report,
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let outside = root.path().join("outside");
        fs::create_dir_all(outside.join("sub")).unwrap();
        fs::create_dir_all(root.path().join("up/up")).unwrap();
        fs::write(outside.join("secret"), "untouched").unwrap();
        fs::write(outside.join("sub/file"), "untouched").unwrap();
        fs::set_permissions(outside.join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("outside", root.path().join("link")).unwrap();
        let before = tree_without(root.path(), Path::new("up/up/layer"));
        Self { root, before }
    }

    /// The directory that is unpacked into.
    pub(crate) fn layer(&self) -> PathBuf {
        self.root.path().join("up/up/layer")
    }

    /// Something that no archive may reach.
    pub(crate) fn outside(&self) -> PathBuf {
        self.root.path().join("outside")
    }

    pub(crate) fn unpack(&self, archive: &[u8], options: &UnpackOptions) -> anyhow::Result<Report> {
        let unpacked = overlay::unpack(&Kernel::quiet(), Cursor::new(archive.to_vec()), &self.layer(), options);
        self.assert_nothing_outside_has_changed();
        unpacked
    }

    /// The error for an archive that must be refused; afterwards nothing is there, and the place can be used again.
    pub(crate) fn refuses(&self, archive: &[u8], options: &UnpackOptions) -> String {
        let error = self.unpack(archive, options).expect_err("this archive should be refused");
        let left: Vec<_> = fs::read_dir(self.root.path().join("up/up")).unwrap().collect();
        assert!(left.is_empty(), "half a layer is left: {left:?}");
        format!("{error:#}")
    }

    /// Everything outside the layer is as it was: content, owner, mode, times, and how many names it has.
    pub(crate) fn assert_nothing_outside_has_changed(&self) {
        let mut after = tree_without(self.root.path(), Path::new("up/up/layer"));
        let mut before = self.before.clone();
        // Where the layer appears, the time changes and nothing else.
        for tree in [&mut after, &mut before] {
            tree.get_mut(Path::new("up/up")).unwrap().forget_times();
        }
        assert_eq!(after, before, "something outside of the layer has changed");
    }
}

impl Drop for Place {
    /// An ordinary user's layer may have directories that only this knows how to empty.
    fn drop(&mut self) {
        if self.layer().is_dir() {
            let removed = overlay::remove_tree(&Kernel::quiet(), &self.layer());
            assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
        }
    }
}

impl Unpacked {
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.place.layer().join(path)
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        fs::symlink_metadata(self.at(path)).unwrap().permissions().mode() & 0o7777
    }

    /// All that is in the layer.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = tree(&self.place.layer()).into_keys().map(|path| path.to_str().unwrap().to_owned());
        names.filter(|path| !path.is_empty()).collect()
    }

    /// What was left out, as one text.
    pub(crate) fn said(&self) -> String {
        self.report.left_out_in_words()
    }
}

/// Unpacks an archive into a new directory.
pub(crate) fn unpacked(write: impl FnOnce(&mut Archive)) -> Unpacked {
    let place = Place::new();
    let report = place.unpack(&archive(write), &UnpackOptions::default()).unwrap_or_else(|error| panic!("{error:#}"));
    Unpacked { place, report }
}

/// The error for an archive that must be refused; afterwards nothing is there.
pub(crate) fn refused(write: impl FnOnce(&mut Archive)) -> String {
    refused_bytes(&archive(write), &UnpackOptions::default())
}

pub(crate) fn refused_bytes(archive: &[u8], options: &UnpackOptions) -> String {
    Place::new().refuses(archive, options)
}

/// Unpacks two archives into the same directory, the second one as what it deletes.
pub(crate) fn flattened(lower: impl FnOnce(&mut Archive), upper: impl FnOnce(&mut Archive)) -> Unpacked {
    let place = unpacked(lower).place;
    let options = UnpackOptions { whiteouts: Whiteouts::Apply, ..UnpackOptions::default() };
    let report = place.unpack(&archive(upper), &options).unwrap_or_else(|error| panic!("{error:#}"));
    Unpacked { place, report }
}
