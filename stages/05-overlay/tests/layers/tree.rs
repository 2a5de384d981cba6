//! A directory tree as plain data that can be compared.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

pub(crate) type Tree = BTreeMap<PathBuf, Node>;

/// All that a file is, apart from its inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    changed: (i64, i64),
    /// All names of the file below the top, if it has several.
    pub(crate) names: Vec<PathBuf>,
    pub(crate) attributes: BTreeMap<OsString, Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Vec<u8>),
    Directory,
    Symlink(PathBuf),
    Fifo,
    Character(u64),
    Other,
}

impl Node {
    /// Whatever was done to it last.
    pub(crate) fn forget_change(&mut self) {
        self.changed = (0, 0);
    }

    /// As after a name was made in a directory.
    pub(crate) fn forget_times(&mut self) {
        self.modified = (0, 0);
        self.forget_change();
    }
}

/// The tree at `top`; the empty path is `top` itself.
pub(crate) fn tree(top: &Path) -> Tree {
    tree_without(top, Path::new("/"))
}

/// The same without what is at `except`, which is not even looked at.
pub(crate) fn tree_without(top: &Path, except: &Path) -> Tree {
    let mut looking = Looking { top, except, tree: Tree::new(), names: BTreeMap::new() };
    looking.add(Path::new(""));
    for names in looking.names.into_values() {
        for name in &names {
            looking.tree.get_mut(name).unwrap().names.clone_from(&names);
        }
    }
    looking.tree
}

struct Looking<'a> {
    top: &'a Path,
    except: &'a Path,
    tree: Tree,
    names: BTreeMap<u64, Vec<PathBuf>>,
}

impl Looking<'_> {
    fn add(&mut self, path: &Path) {
        if path == self.except {
            return;
        }
        let file = self.top.join(path);
        let about = fs::symlink_metadata(&file).unwrap();
        let node = Node {
            kind: kind(&file, &about),
            mode: about.mode() & 0o7777,
            owner: (about.uid(), about.gid()),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            names: Vec::new(),
            attributes: attributes(&file),
        };
        if node.kind == Kind::Directory {
            let mut children: Vec<_> = fs::read_dir(&file).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            children.sort();
            children.iter().for_each(|name| self.add(&path.join(name)));
        } else if about.nlink() > 1 {
            self.names.entry(about.ino()).or_default().push(path.to_owned());
        }
        self.tree.insert(path.to_owned(), node);
    }
}

fn kind(file: &Path, about: &fs::Metadata) -> Kind {
    let kind = about.file_type();
    match () {
        () if kind.is_file() => Kind::File(fs::read(file).unwrap_or_default()),
        () if kind.is_dir() => Kind::Directory,
        () if kind.is_symlink() => Kind::Symlink(fs::read_link(file).unwrap()),
        () if kind.is_fifo() => Kind::Fifo,
        () if kind.is_char_device() => Kind::Character(about.rdev()),
        () => Kind::Other,
    }
}

pub(crate) fn attributes(file: &Path) -> BTreeMap<OsString, Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    let mut list = vec![0; 4096];
    let length = rustix::fs::llistxattr(file, &mut list[..]).unwrap_or(0);
    let names = list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let mut value = vec![0; 65536];
            let length = rustix::fs::lgetxattr(file, name, &mut value[..]).unwrap();
            value.truncate(length);
            (std::ffi::OsStr::from_bytes(name).to_owned(), value)
        })
        .collect()
}
