//! How large a container is: what it holds alone, and what it sees.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::libc;
use serde::Serialize;

use crate::walk::{Found, walk};

/// What a stack of layers holds, and what is seen of it from above.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Each layer, lowest first.
    pub layers: Vec<LayerUsage>,
    /// What is seen through all of them: the virtual size.
    pub seen: Sizes,
}

/// One layer of the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LayerUsage {
    /// Where it is.
    pub directory: PathBuf,
    /// All that is in it.
    pub held: Sizes,
    /// What of that no layer above hides.
    pub seen: Sizes,
}

/// How much a number of files is. A file with several names counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Files, directories, links, devices.
    pub files: u64,
    /// The length of files and of the text in links, in bytes.
    pub size: u64,
    /// The room that all of them take, in bytes: less than their length for files with holes, more for small ones.
    pub disk: u64,
}

/// What layers above have said about a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// A directory: those of layers below are seen through it.
    Directory,
    /// A file, a whiteout or an opaque directory: nothing of layers below is seen here.
    Closed,
}

// ANCHOR: usage
/// Measures a stack of layers, given lowest first as for [`crate::Stack`].
///
/// # Errors
/// A layer that is no directory, or that cannot be read.
pub fn usage(layers: &[PathBuf]) -> Result<Usage> {
    let mut above = HashMap::new();
    let mut usage = Usage::default();
    for directory in layers.iter().rev() {
        let layer = look_through(directory, &mut above).with_context(|| directory.display().to_string())?;
        usage.seen += layer.seen;
        usage.layers.insert(0, layer);
    }
    Ok(usage)
}

/// Measures one layer and, for those below, adds to `above` what it hides.
fn look_through(directory: &Path, above: &mut HashMap<PathBuf, Above>) -> Result<LayerUsage> {
    let mut look = Look { above, opaque: Vec::new(), hidden: None, held: Counted::default(), seen: Counted::default() };
    walk(directory, &mut |found| {
        look.held.add(found);
        if look.shows(found) {
            look.seen.add(found);
        }
        Ok(true)
    })?;
    // What is opaque hides the layers below, and not the one it is in.
    look.above.extend(look.opaque.into_iter().map(|path| (path, Above::Closed)));
    Ok(LayerUsage { directory: directory.to_owned(), held: look.held.sizes, seen: look.seen.sizes })
}
// ANCHOR_END: usage

/// One layer, seen through those above.
struct Look<'a> {
    above: &'a mut HashMap<PathBuf, Above>,
    opaque: Vec<PathBuf>,
    /// A directory that layers above hide, with all that is in it.
    hidden: Option<PathBuf>,
    held: Counted,
    seen: Counted,
}

impl Look<'_> {
    // ANCHOR: shows
    /// True when this file is seen from above. Notes what it hides itself.
    fn shows(&mut self, found: &Found<'_>) -> bool {
        if self.hidden.as_ref().is_some_and(|top| found.path.starts_with(top)) {
            return false;
        }
        let is_directory = found.is(libc::S_IFDIR);
        let is_merged = match self.above.get(found.path) {
            None => false,
            Some(Above::Directory) if is_directory => true,
            Some(_) => {
                self.hidden = is_directory.then(|| found.path.to_owned());
                return false;
            }
        };
        if is_directory && found.is_opaque() {
            self.opaque.push(found.path.to_owned());
        }
        if is_merged {
            return false;
        }
        self.above.insert(found.path.to_owned(), if is_directory { Above::Directory } else { Above::Closed });
        !found.is_whiteout()
    }
    // ANCHOR_END: shows
}

/// Sizes, and which files with several names are in them already.
#[derive(Default)]
struct Counted {
    sizes: Sizes,
    names: HashSet<(u64, u64)>,
}

impl Counted {
    fn add(&mut self, found: &Found<'_>) {
        let about = &found.about;
        let is_directory = found.is(libc::S_IFDIR);
        if !is_directory && about.st_nlink > 1 && !self.names.insert(found.id()) {
            return;
        }
        self.sizes.files += 1;
        // A unit of 512 bytes, whatever st_blksize says: see stat(3type).
        self.sizes.disk += about.st_blocks.cast_unsigned() * 512;
        if found.is(libc::S_IFREG) || found.is(libc::S_IFLNK) {
            self.sizes.size += about.st_size.cast_unsigned();
        }
    }
}

impl AddAssign for Sizes {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.size += other.size;
        self.disk += other.disk;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn write(directory: &Path, files: &[(&str, usize)]) {
        for (name, size) in files {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![b'x'; *size]).unwrap();
        }
    }

    fn whiteout(directory: &Path, name: &str) {
        let (kind, none) = (nix::sys::stat::SFlag::S_IFCHR, nix::sys::stat::Mode::empty());
        nix::sys::stat::mknod(&directory.join(name), kind, none, 0).unwrap();
    }

    #[test]
    fn what_is_hidden_is_held_and_not_seen() {
        let place = tempfile::tempdir().unwrap();
        let (lower, upper) = (place.path().join("lower"), place.path().join("upper"));
        write(&lower, &[("kept", 1), ("gone", 20), ("changed", 300), ("d/old", 4000), ("f/in", 50000)]);
        write(&upper, &[("changed", 7), ("d/new", 80), ("f", 900)]);
        whiteout(&upper, "gone");
        rustix::fs::setxattr(upper.join("d"), "user.overlay.opaque", b"y", rustix::fs::XattrFlags::empty()).unwrap();
        let usage = usage(&[lower, upper]).unwrap();
        assert_eq!(usage.layers[0].held.size, 54321);
        assert_eq!(usage.layers[0].seen.size, 1);
        assert_eq!(usage.layers[1].held.size, 987);
        assert_eq!(usage.seen.size, 988);
        // "/", "kept", "changed", "d", "d/new", "f".
        assert_eq!(usage.seen.files, 6);
    }

    #[test]
    fn a_file_with_two_names_counts_once() {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), &[("one", 1000)]);
        fs::hard_link(place.path().join("one"), place.path().join("two")).unwrap();
        symlink("one", place.path().join("link")).unwrap();
        let usage = usage(&[place.path().to_owned()]).unwrap();
        assert_eq!((usage.seen.size, usage.seen.files), (1003, 3));
        assert_eq!(usage.seen, usage.layers[0].held);
    }

    #[test]
    fn a_file_with_holes_takes_less_room_than_it_is_long() {
        let place = tempfile::tempdir().unwrap();
        fs::File::create(place.path().join("holes")).unwrap().set_len(1 << 30).unwrap();
        let usage = usage(&[place.path().to_owned()]).unwrap();
        assert_eq!(usage.seen.size, 1 << 30);
        assert!(usage.seen.disk < 1 << 20);
    }
}
