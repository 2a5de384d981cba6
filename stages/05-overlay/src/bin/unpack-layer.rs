//! `unpack-layer TAR DIR`: a layer becomes a directory.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use overlay::{Owners, Report, Signals, UnpackOptions, Whiteouts};

const EXAMPLES: &str = "\
Examples:
  unpack-layer layer.tar layer                 one layer, to be stacked by enter-overlay
  unpack-layer --apply layer.tar.gz root       flatten: the layer's deletions are carried out in root
  docker export NAME | unpack-layer - root     from a pipe
  unpack-layer --rehearse layer.tar layer      what would be asked of the kernel, entry by entry
  unpack-layer --explain layer.tar layer 2>&1 | grep -A1 opaque

What to know:
  - `.wh.NAME` in a layer says that NAME, from a layer below, is gone. In a directory that becomes one
    layer of an overlay it is kept as a mark for the kernel: a character device 0:0.
  - Whatever the archive says, nothing is written outside DIR: every name is looked up by the kernel
    as if DIR were \"/\".
  - A DIR that does not exist appears when all is in it. If anything fails, it does not.
  - As an ordinary user, you keep owners by way of a user namespace, with the ids that /etc/subuid grants
    you. Without any, or with --mine, everything is yours, and inside a container it is root's.
  - What cannot be made is listed: devices, for an ordinary user. Files with set-user-ID are made as
    they are; keep layers in a directory that only you can enter.

See also: tar(5), openat2(2), xattr(7), user_namespaces(7); OCI image specification, layer.md";

/// Make a directory of a layer archive
///
/// An image is a stack of layers, and a layer is a tar archive: what was added or changed since the
/// layer below, and, by files with special names, what was deleted. This program makes a directory
/// of one, with all that a root file system needs and tar(1) would ask you for: owners, set-user-ID
/// bits, capabilities, times, holes. It reads plain and gzip archives.
#[derive(Parser)]
#[command(version, about, long_about, after_help = EXAMPLES)]
struct Options {
    /// The archive, plain or gzip; "-" for standard input
    tar: PathBuf,
    /// Where to: a new directory, or one that is there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Carry out the layer's deletions in DIR instead of marking them
    #[arg(long)]
    apply: bool,
    /// Make everything yours, whoever the archive says
    #[arg(long)]
    mine: bool,
    /// Refuse an archive that unpacks to more than this
    #[arg(long, value_name = "SIZE", default_value = "64G", value_parser = overlay::parse_size)]
    max_size: u64,
    /// Refuse an archive with more entries than this
    #[arg(long, value_name = "COUNT", default_value_t = 5_000_000)]
    max_entries: u64,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        // Before any namespace is entered: the archive is read with the rights of whoever asked.
        let archive = open(&self.tar)?;
        let unpack = |owners| self.unpack(kernel, archive, owners).or_else(overlay::or_interrupted);
        if self.mine { unpack(Owners::Caller) } else { overlay::with_every_owner(kernel, unpack) }
    }
}

impl Options {
    fn unpack(&self, kernel: &Kernel, archive: File, owners: Owners) -> Result<ExitCode> {
        let options = UnpackOptions {
            whiteouts: if self.apply { Whiteouts::Apply } else { Whiteouts::Mark },
            owners,
            max_size: self.max_size,
            max_entries: self.max_entries,
        };
        let archive = Signals::hold(kernel)?.interrupt(archive);
        let report = overlay::unpack(kernel, archive, &self.directory, &options)
            .with_context(|| self.tar.display().to_string())?;
        self.say(&report);
        Ok(ExitCode::SUCCESS)
    }

    /// Nothing is lost without a word.
    fn say(&self, report: &Report) {
        eprint!("{}", report.left_out_in_words());
        if report.owners_changed && !self.mine {
            eprintln!("unpack-layer: owners are not kept: you are not root, and /etc/subuid grants you no ids");
        }
    }
}

fn open(archive: &Path) -> Result<File> {
    if archive == Path::new("-") {
        let stdin: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned().context("standard input")?;
        return Ok(File::from(stdin));
    }
    File::open(archive).with_context(|| format!("cannot open {}", archive.display()))
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
