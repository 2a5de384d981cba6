//! Which disk a path lies on: the I/O controller knows disks by their numbers only.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::sys::stat::{major, minor};
use serde::{Deserialize, Serialize};

use crate::units;

/// A limit on the disk that a path lies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// A block device, or any file or directory on it.
    pub path: PathBuf,
    /// Bytes or requests a second.
    pub rate: u64,
}

impl Rate {
    /// The disk as `MAJOR:MINOR`, the way `io.max` wants it: the whole disk also for a partition, which gets ENODEV.
    ///
    /// # Errors
    /// The path is not there, or lies on a file system without a disk of its own: tmpfs, overlay, btrfs.
    pub fn disk(&self) -> Result<String> {
        let path = &self.path;
        let about = path.metadata().with_context(|| format!("{}: no disk can be found by it", path.display()))?;
        let device = match about.file_type() {
            kind if kind.is_block_device() => about.rdev(),
            kind if kind.is_char_device() => bail!("{} is a character device, not a disk", path.display()),
            _ => about.dev(),
        };
        if major(device) == 0 {
            bail!(
                "{} lies on a file system without a disk of its own (tmpfs, overlay, btrfs, …); name the disk, as in /dev/sda",
                path.display()
            );
        }
        whole_disk(Path::new("/sys/dev/block"), &format!("{}:{}", major(device), minor(device)))
    }
}

/// `/sys/dev/block/8:1` is a link to `…/sda/sda1`: a partition lies in its disk's directory.
fn whole_disk(devices: &Path, number: &str) -> Result<String> {
    let directory = devices.join(number);
    if !directory.join("partition").exists() {
        return Ok(number.to_owned());
    }
    let partition = directory.canonicalize().with_context(|| format!("{}", directory.display()))?;
    let disk = partition.parent().unwrap_or(&partition).join("dev");
    let number = std::fs::read_to_string(&disk).with_context(|| format!("{}", disk.display()))?;
    Ok(number.trim().to_owned())
}

/// `PATH:RATE` with the rate in bytes: `/dev/sda:10M`.
///
/// # Errors
/// There is no colon, or what follows the last one is no size.
pub(crate) fn bytes_a_second(text: &str) -> Result<Rate, String> {
    rate(text, units::bytes)
}

/// `PATH:RATE` with the rate in requests: `/dev/sda:100`.
///
/// # Errors
/// There is no colon, or what follows the last one is no number from 1.
pub(crate) fn operations_a_second(text: &str) -> Result<Rate, String> {
    rate(text, units::at_least_one)
}

fn rate(text: &str, read: impl Fn(&str) -> Result<u64, String>) -> Result<Rate, String> {
    match text.rsplit_once(':') {
        Some((path, rate)) if !path.is_empty() => Ok(Rate { path: path.into(), rate: read(rate)? }),
        _ => Err("write a path, a colon and a rate, as in /dev/sda:10M".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_colon_separates_path_and_rate() {
        assert_eq!(bytes_a_second("/mnt/a:b:1K"), Ok(Rate { path: "/mnt/a:b".into(), rate: 1024 }));
        assert_eq!(operations_a_second("/dev/sda:100"), Ok(Rate { path: "/dev/sda".into(), rate: 100 }));
        for wrong in ["", "/dev/sda", ":1", "/dev/sda:", "/dev/sda:0", "/dev/sda:1K"] {
            assert!(operations_a_second(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_partition_stands_for_its_disk() {
        let sys = tempfile::tempdir().unwrap();
        let partition = sys.path().join("devices/sda/sda1");
        std::fs::create_dir_all(&partition).unwrap();
        std::fs::write(partition.join("partition"), "1\n").unwrap();
        std::fs::write(sys.path().join("devices/sda/dev"), "8:0\n").unwrap();
        std::os::unix::fs::symlink(&partition, sys.path().join("8:1")).unwrap();
        std::os::unix::fs::symlink(partition.parent().unwrap(), sys.path().join("8:0")).unwrap();
        assert_eq!(whole_disk(sys.path(), "8:1").unwrap(), "8:0");
        assert_eq!(whole_disk(sys.path(), "8:0").unwrap(), "8:0");
    }

    #[test]
    fn what_lies_on_no_disk_is_refused_with_a_reason() {
        let refused = |path: &str| Rate { path: path.into(), rate: 1 }.disk().unwrap_err().to_string();
        assert!(refused("/proc").contains("without a disk of its own"));
        assert!(refused("/dev/null").contains("character device"));
        assert!(refused("/no/such/file").contains("no disk can be found"));
    }
}
