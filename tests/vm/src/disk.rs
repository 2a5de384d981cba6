//! The disks of the machine: sparse, and as they were again at each start.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::cache::{Cache, write_whole};
use super::programs::on_this_host;

/// Room for everything that is written in the machine. It takes what is used, and for as long as it is used.
const DISK: u64 = 8 << 30;
const SWAP: u64 = 256 << 20;
const PAGE: u64 = 4096;

/// The empty one for swap, made if it is not there yet.
pub(crate) fn swap(cache: &Cache) -> Result<PathBuf> {
    let swap = cache.path("swap-1.img");
    if !swap.exists() {
        make_swap(&swap)?;
    }
    Ok(swap)
}

/// One with these files on it, all of it or nothing.
pub(crate) fn make(path: &Path, tree: &Path) -> Result<()> {
    let mke2fs = on_this_host("mke2fs").context(
        "there is no mke2fs, which makes the file system of the machine's disk\nhint: install e2fsprogs, or start \
         the machine with --initramfs, without a disk",
    )?;
    let temporary = path.with_extension("new");
    let mut command = Command::new(mke2fs);
    // No journal, as no power cut matters; and nothing written that need not be, so that the file stays small.
    command.args(["-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-U", "clear"]);
    command.args(["-E", "root_owner=0:0,lazy_itable_init=1,nodiscard", "-d"]).arg(tree);
    let made =
        command.arg(&temporary).arg(format!("{}k", DISK >> 10)).stdin(Stdio::null()).output().context("mke2fs")?;
    if !made.status.success() {
        let _ = std::fs::remove_file(&temporary);
        bail!("mke2fs: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    std::fs::rename(&temporary, path).with_context(|| path.display().to_string())
}

/// What mkswap(8) writes: version, last page and, at the end of the first page, the word.
fn make_swap(path: &Path) -> Result<()> {
    write_whole(path, |file| {
        file.set_len(SWAP)?;
        file.seek(SeekFrom::Start(1024))?;
        file.write_all(&1_u32.to_le_bytes())?;
        file.write_all(&u32::try_from(SWAP / PAGE - 1)?.to_le_bytes())?;
        file.seek(SeekFrom::Start(PAGE - 10))?;
        file.write_all(b"SWAPSPACE2")?;
        Ok(())
    })
}
