//! An archive for the kernel's first root: cpio, the form "newc", see the kernel's buffer-format.rst.
//!
//! Everything in it belongs to root, whoever makes it, and bears one date: made twice, it is equal.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// Writes one.
pub struct Archive<W> {
    to: W,
    entries: u32,
}

impl<W: Write> Archive<W> {
    /// A new one, empty.
    pub fn new(to: W) -> Self {
        Self { to, entries: 0 }
    }

    /// A directory.
    pub fn directory(&mut self, path: &Path, mode: u32) -> Result<()> {
        self.entry(path, DIRECTORY | mode, &[])
    }

    /// A file.
    pub fn file(&mut self, path: &Path, mode: u32, content: &[u8]) -> Result<()> {
        self.entry(path, FILE | mode, content)
    }

    /// A symbolic link.
    pub fn link(&mut self, path: &Path, target: &Path) -> Result<()> {
        self.entry(path, LINK | 0o777, target.as_os_str().as_bytes())
    }

    /// Everything below `from`, as what lies below `to`, each folder before what is in it, in the order of the names.
    /// What `is_left` says is left out.
    pub fn tree(&mut self, from: &Path, to: &Path, is_left: &dyn Fn(&Path) -> bool) -> Result<()> {
        let entries = std::fs::read_dir(from).with_context(|| from.display().to_string())?;
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            let (source, path) = (from.join(&name), to.join(&name));
            if is_left(&source) {
                continue;
            }
            let about = source.symlink_metadata().with_context(|| source.display().to_string())?;
            let mode = about.permissions().mode() & 0o7777;
            if about.is_symlink() {
                self.link(&path, &std::fs::read_link(&source)?)?;
            } else if about.is_dir() {
                self.directory(&path, mode | 0o555)?;
                self.tree(&source, &path, is_left)?;
            } else if about.is_file() {
                let content = std::fs::read(&source).with_context(|| source.display().to_string())?;
                self.file(&path, mode | 0o444, &content)?;
            }
        }
        Ok(())
    }

    /// The end.
    pub fn finish(mut self) -> Result<W> {
        self.entry(Path::new("TRAILER!!!"), 0, &[])?;
        Ok(self.to)
    }

    fn entry(&mut self, path: &Path, mode: u32, content: &[u8]) -> Result<()> {
        let path = path.strip_prefix("/").unwrap_or(path).as_os_str().as_bytes();
        self.entries += 1;
        let links = if mode >> 12 == DIRECTORY >> 12 { 2 } else { 1 };
        let size = u32::try_from(content.len()).context("a file of an archive is smaller than 4 GiB")?;
        let path_size = u32::try_from(path.len() + 1)?;
        // inode, mode, owner, group, links, date, size, four device numbers, size of the name, sum
        let fields = [self.entries, mode, 0, 0, links, 0, size, 0, 0, 0, 0, path_size, 0];
        let mut head = b"070701".to_vec();
        for field in fields {
            write!(head, "{field:08X}")?;
        }
        head.extend_from_slice(path);
        head.push(0);
        pad(&mut head);
        self.to.write_all(&head)?;
        self.to.write_all(content)?;
        self.to.write_all(&[0; 3][..content.len().next_multiple_of(4) - content.len()])?;
        Ok(())
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn packed(folder: &Path) -> Vec<u8> {
        let mut archive = Archive::new(Vec::new());
        archive.directory(Path::new("/own"), 0o755).unwrap();
        archive.tree(folder, Path::new("/own"), &|path| path.ends_with("left")).unwrap();
        archive.finish().unwrap()
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "two"), ("a", "one and more"), ("left", "out")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("a", folder.path().join("link")).unwrap();
        folder
    }

    #[test]
    fn made_twice_it_is_equal() {
        let (one, two) = (folder(), folder());
        assert_eq!(packed(one.path()), packed(two.path()));
        assert!(!packed(one.path()).windows(3).any(|window| window == b"out"));
    }

    #[test]
    fn busybox_reads_it() {
        let folder = folder();
        let mut command = Command::new("busybox");
        command.args(["cpio", "-t"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut reader) = command.spawn() else {
            let _ = io::stderr().write_all(b"skipped: busybox_reads_it: there is no busybox; install busybox-static\n");
            return;
        };
        reader.stdin.take().unwrap().write_all(&packed(folder.path())).unwrap();
        let listed = reader.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "own\nown/a\nown/b\nown/link\n");
    }
}
