//! A tree of files written down, to be compared with what it is later.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) device: u64,
    pub(super) modified: (i64, i64),
    /// Of its content, or of the path in a link.
    pub(super) hash: u64,
}

/// All files below a directory by their paths in it, and the directory itself as "".
pub(super) type Tree = BTreeMap<PathBuf, File>;

/// The tree as it is now. Its inode numbers and the times of their changes are left out: a hard link elsewhere is none.
pub(super) fn tree(top: &Path) -> Tree {
    let mut found = Tree::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(path) = waiting.pop() {
        let here = top.join(&path);
        let about = fs::symlink_metadata(&here).unwrap_or_else(|error| panic!("{}: {error}", here.display()));
        if about.is_dir() {
            let entries = fs::read_dir(&here).unwrap_or_else(|error| panic!("{}: {error}", here.display()));
            waiting.extend(entries.map(|entry| path.join(entry.unwrap().file_name())));
        }
        let content = match about.file_type() {
            kind if kind.is_file() => fs::read(&here).unwrap(),
            kind if kind.is_symlink() => fs::read_link(&here).unwrap().as_os_str().as_bytes().to_vec(),
            _ => Vec::new(),
        };
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let modified = (about.mtime(), about.mtime_nsec());
        let owner = (about.uid(), about.gid());
        let file = File { mode: about.mode(), owner, device: about.rdev(), modified, hash: hasher.finish() };
        found.insert(path, file);
    }
    found
}

/// The paths below a directory, sorted, each directory with a slash at its end.
pub(super) fn names(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.unwrap().path();
            let is_directory = fs::symlink_metadata(&path).unwrap().is_dir();
            let name = path.strip_prefix(top).unwrap().display();
            found.push(if is_directory { format!("{name}/") } else { name.to_string() });
            waiting.extend(is_directory.then_some(path));
        }
    }
    found.sort();
    found
}

/// An extended attribute, if the file has it.
#[expect(unsafe_code, reason = "neither std nor nix reads extended attributes")]
pub(super) fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let (path, name) = (c_string(path.as_os_str()), c_string(OsStr::new(name)));
    let mut value = vec![0_u8; 256];
    // SAFETY: both names end with a zero, and at most as many bytes are written as there are.
    let length = unsafe { nix::libc::lgetxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    value.truncate(usize::try_from(length).ok()?);
    Some(value)
}

/// Gives a file an attribute.
#[expect(unsafe_code, reason = "neither std nor nix writes extended attributes")]
pub(super) fn set_attribute(path: &Path, name: &str, value: &[u8]) {
    let (path, name) = (c_string(path.as_os_str()), c_string(OsStr::new(name)));
    // SAFETY: both names end with a zero, and no byte beyond the value is read.
    let set = unsafe { nix::libc::lsetxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    nix::errno::Errno::result(set).expect("the file system keeps attributes");
}

fn c_string(text: &OsStr) -> CString {
    CString::new(text.as_bytes()).expect("no path has a zero in it")
}
