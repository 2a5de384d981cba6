//! Deletions: how a layer says that something below it is gone.
//!
//! An archive says it with a name: `.wh.NAME`, `.wh..wh..opq`. overlayfs says it with a character device 0:0, and with an
//! extended attribute of a directory that begins anew: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
//! directories".

use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Result;
use nix::libc;
use nix::sys::stat::SFlag;

use crate::report::Whiteouts;
use crate::tree::{Tree, file_name, parent};
use crate::unpack::Unpacker;

impl Unpacker<'_> {
    // ANCHOR: hide
    /// Hides what layers below have at `path`. What this layer has there itself stays, in whichever order they come.
    pub(crate) fn hide(&mut self, path: &Path) -> Result<()> {
        let marks = self.options.whiteouts == Whiteouts::Mark;
        if !marks && !self.is_there(parent(path))? {
            return Ok(());
        }
        let within = self.parent(path)?;
        match self.tree.look(path)? {
            Some(seen) if self.was_placed(path) => {
                if marks && seen.is_directory() {
                    mark_opaque(&mut self.tree, path)?;
                }
                return Ok(());
            }
            seen => self.clear_the_place(path, seen)?,
        }
        if marks {
            self.tree
                .kernel
                .because("a directory cannot store an absence: device 0:0 tells overlayfs to look no further down")
                .mknodat(within.as_fd(), file_name(path), SFlag::S_IFCHR, 0, (0, 0))?;
            self.note_placed(path);
            self.tree.made(path, libc::S_IFCHR);
        }
        Ok(())
    }
    // ANCHOR_END: hide

    /// Hides what layers below have in the directory at `path`.
    pub(crate) fn hide_all_in(&mut self, path: &Path) -> Result<()> {
        let marks = self.options.whiteouts == Whiteouts::Mark;
        if !self.is_there(path)? {
            if !marks {
                return Ok(());
            }
            self.parent(&path.join("child"))?;
        }
        self.remove_what_was_not_placed(path)?;
        if marks { mark_opaque(&mut self.tree, path) } else { Ok(()) }
    }

    fn remove_what_was_not_placed(&mut self, path: &Path) -> Result<()> {
        if self.placed.is_none() {
            return Ok(());
        }
        for name in self.tree.names(path)? {
            let below = path.join(name);
            let seen = self.tree.look(&below)?;
            if !self.was_placed(&below) {
                self.clear_the_place(&below, seen)?;
            } else if seen.is_some_and(|seen| seen.is_directory()) {
                self.remove_what_was_not_placed(&below)?;
            }
        }
        Ok(())
    }

    /// True when every directory on the way to `path`, and it itself, is there.
    fn is_there(&mut self, path: &Path) -> Result<bool> {
        let way: Vec<&Path> = path.ancestors().take_while(|path| !self.tree.is_known(path)).collect();
        for path in way.into_iter().rev() {
            match self.tree.look(path)? {
                Some(seen) if seen.is_directory() => {}
                Some(seen) if seen.is_symlink() && self.tree.directory(path).is_ok() => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

// ANCHOR: opaque
/// Marks a directory as opaque: overlayfs shows nothing of what layers below have in it.
pub(crate) fn mark_opaque(tree: &mut Tree<'_>, path: &Path) -> Result<()> {
    // Only root of the first user namespace can set trusted.*, and only such an overlay looks for it.
    let attribute = if is_really_root() { "trusted.overlay.opaque" } else { "user.overlay.opaque" };
    let directory = tree.directory(path)?;
    tree.kernel.because("this directory begins anew: overlayfs does not look for it further down").lsetxattr_in(
        directory.as_fd(),
        Path::new("."),
        Path::new(attribute),
        b"y",
    )
}
// ANCHOR_END: opaque

/// True for a process that has root's rights outside of any user namespace: over devices, and over `trusted.*`.
pub(crate) fn is_really_root() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let all: Vec<_> = map.split_whitespace().collect();
    all == ["0", "0", "4294967295"] && !unshare::user::is_needed()
}
