//! What is mounted where, read from /proc/PID/mountinfo: see proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// One line of mountinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The mount's own number.
    pub id: u64,
    /// The number of the mount it is mounted on.
    pub parent: u64,
    /// Which directory of the file system is mounted: "/" unless it is a bind mount.
    pub root: PathBuf,
    /// Where, as the reading process sees it.
    pub target: PathBuf,
    /// Options of this mount: `ro`, `nosuid`, …
    pub options: Vec<String>,
    /// Propagation: `shared:1`, `master:2`, … Private when empty.
    pub propagation: Vec<String>,
    /// The kind of file system: `ext4`, `overlay`, …
    pub fstype: String,
    /// What is mounted: a device, or any word.
    pub source: OsString,
    /// Options of the file system behind it: `lowerdir=…`, or the controllers of a cgroup v1 hierarchy.
    pub super_options: Vec<String>,
}

impl Mount {
    /// True when what is mounted below here also appears in the mount's peers.
    pub fn is_shared(&self) -> bool {
        self.propagation.iter().any(|tag| tag.starts_with("shared:"))
    }
}

/// The mounts that this process sees, in the order in which the kernel lists them.
///
/// # Errors
/// /proc is not mounted, or a line does not have the form of proc_pid_mountinfo(5).
pub fn mounts() -> Result<Vec<Mount>> {
    mounts_of("self")
}

/// The mounts that process `pid` sees; "self" is the caller.
///
/// # Errors
/// As for [`mounts`]; also EACCES or ESRCH for a process one may not look at, or that is gone.
pub fn mounts_of(pid: &str) -> Result<Vec<Mount>> {
    read(pid, |_| true)
}

/// Those that this process sees whose kind of file system begins with `kind`, as `cgroup` and `cgroup2` do. Only their lines
/// are taken apart: a host can have hundreds of others.
///
/// # Errors
/// As for [`mounts`].
pub fn mounts_like(kind: &str) -> Result<Vec<Mount>> {
    read("self", |line| fstype(line).starts_with(kind.as_bytes()))
}

fn read(pid: &str, is_wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Mount>> {
    let file = format!("/proc/{pid}/mountinfo");
    // A file of /proc does not say how long it is, and each read of a few bytes would walk the list anew.
    let mut bytes = Vec::with_capacity(16 * 1024);
    let read = File::open(&file).and_then(|mut list| list.read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {file}; is /proc mounted?"))?;
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty() && is_wanted(line))
        .map(|line| parse(line).with_context(|| format!("{file}: {}", String::from_utf8_lossy(line))))
        .collect()
}

/// What begins with the kind of file system: it follows the only field that is a hyphen alone.
fn fstype(line: &[u8]) -> &[u8] {
    let hyphen = line.windows(3).position(|three| three == b" - ");
    hyphen.map_or(&[], |at| &line[at + 3..])
}

/// The mount on which `path` lies: the last one listed whose target is the longest beginning of it.
pub fn mount_of<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts.iter().filter(|mount| path.starts_with(&mount.target)).max_by_key(|mount| mount.target.components().count())
}

/// Reads one line of mountinfo.
///
/// # Errors
/// A field is missing or not a number.
pub fn parse(line: &[u8]) -> Result<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let mut next = || fields.next().context("a field is missing");
    let id = number(next()?)?;
    let parent = number(next()?)?;
    let _device = next()?;
    let root = path(next()?);
    let target = path(next()?);
    let options = words(next()?);
    let mut propagation = Vec::new();
    loop {
        match next()? {
            b"-" => break,
            tag => propagation.push(String::from_utf8_lossy(tag).into_owned()),
        }
    }
    let fstype = String::from_utf8_lossy(next()?).into_owned();
    // An empty source leaves two spaces, and splitting keeps it as an empty field.
    let source = OsString::from_vec(unescape(next()?));
    let super_options = words(next()?);
    Ok(Mount { id, parent, root, target, options, propagation, fstype, source, super_options })
}

fn number(field: &[u8]) -> Result<u64> {
    Ok(std::str::from_utf8(field)?.parse()?)
}

fn path(field: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(unescape(field)))
}

fn words(field: &[u8]) -> Vec<String> {
    field.split(|byte| *byte == b',').map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Space, tab, newline and backslash are written as `\040`, `\011`, `\012`, `\134`.
pub fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let octal =
            after.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|digit| (b'0'..b'8').contains(digit)));
        let value = octal.map(|digits| digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0')));
        match value.and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                plain.push(value);
                rest = &after[3..];
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_escapes() {
        let line = br"36 35 98:0 /a\040b /mnt\134x rw,noatime shared:1 master:2 - overlay  ro,lowerdir=/l";
        let mount = parse(line).unwrap();
        assert_eq!(mount.root, Path::new("/a b"));
        assert_eq!(mount.target, Path::new(r"/mnt\x"));
        assert_eq!(mount.propagation, ["shared:1", "master:2"]);
        assert!(mount.is_shared());
        assert_eq!(mount.source, "");
        assert_eq!(mount.super_options, ["ro", "lowerdir=/l"]);
    }

    #[test]
    fn the_kind_of_file_system_is_found_without_the_rest() {
        assert!(fstype(br"36 35 98:0 / /a\040-\040cgroup rw - ext4 - rw").starts_with(b"ext4"));
        assert!(fstype(b"36 35 98:0 / /c rw shared:1 - cgroup2  rw").starts_with(b"cgroup2"));
        assert!(fstype(b"36 35 98:0 / /c rw").is_empty());
    }

    #[test]
    fn a_line_that_is_cut_short_is_an_error() {
        assert!(parse(b"36 35 98:0 / /mnt rw").is_err());
        assert!(parse(b"x 35 98:0 / /mnt rw - a b c").is_err());
    }
}
