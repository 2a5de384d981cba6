//! `commit-layer STATE OUT.tar`: what a container has changed becomes a layer archive.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use flate2::{Compression, GzBuilder};
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use overlay::{CommitOptions, Report, Signals};

const EXAMPLES: &str = "\
Examples:
  enter-overlay --layer base --state box -- sh     change something, leave with exit
  commit-layer box change.tar                      what you changed, and nothing else
  tar -tvf change.tar                              .wh.NAME is a file that you deleted
  commit-layer --gzip box - | ssh host 'unpack-layer - change'
  SOURCE_DATE_EPOCH=0 commit-layer box change.tar  the same bytes whenever you did it

What to know:
  - /etc/hosts, /etc/hostname and /etc/resolv.conf say who one container is. They stay behind, and so do
    the mount points that were made for it.
  - Sockets stay behind too, each with a word.
  - Commit while nothing runs in it: a file that changes while it is read is an error, but two
    files that change together may come along as they never were together.

See also: tar(5), xattr(7); OCI image specification, layer.md; overlayfs in the kernel's documentation";

/// Make a layer archive of what a container has changed
///
/// All that a container writes lies in one directory, the upper layer. There overlayfs has its own
/// marks: a character device 0:0 for what was deleted, an attribute for a directory that begins anew.
/// A layer archive says the same with names, so that every runtime understands it.
#[derive(Parser)]
#[command(version, about, long_about, after_help = EXAMPLES)]
struct Options {
    /// The directory in which enter-overlay keeps `upper`, `work` and `init`
    state: PathBuf,
    /// The archive to write; "-" for standard output
    #[arg(value_name = "OUT.tar")]
    out: PathBuf,
    /// Compress it
    #[arg(long)]
    gzip: bool,
    /// Write no time later than this one, in seconds since 1970 [default: $SOURCE_DATE_EPOCH]
    #[arg(long, value_name = "SECONDS")]
    mtime: Option<i64>,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let upper = self.state.join("upper");
        ensure!(upper.is_dir(), "{} has no upper layer; name the --state of enter-overlay", self.state.display());
        let init = Some(self.state.join("init")).filter(|init| init.is_dir());
        let latest = self.mtime.map_or_else(source_date_epoch, |seconds| Ok(Some(seconds)))?;
        overlay::with_every_file(kernel, |owners| {
            let options = CommitOptions { owners, init, latest };
            self.commit(kernel, &upper, &options).or_else(overlay::or_interrupted)
        })
    }
}

impl Options {
    fn commit(&self, kernel: &Kernel, upper: &Path, options: &CommitOptions) -> Result<ExitCode> {
        let report = if self.out == Path::new("-") {
            self.write(upper, std::io::stdout().lock(), options)?
        } else {
            self.to_file(kernel, upper, options)?
        };
        eprint!("{}", report.left_out_in_words());
        Ok(ExitCode::SUCCESS)
    }

    /// Beside its place first: whoever finds OUT finds all of it.
    fn to_file(&self, kernel: &Kernel, upper: &Path, options: &CommitOptions) -> Result<Report> {
        let unfinished = unfinished_name(&self.out)?;
        let signals = Signals::hold(kernel)?;
        if unfinished.symlink_metadata().is_ok() {
            kernel.because("left by a process that was killed").unlink(&unfinished)?;
        }
        kernel
            .because("beside its place first: if anything fails, nobody takes half an archive for a whole one")
            .create_file(&unfinished, 0o666)?;
        let place = if kernel.is_rehearsing() { Path::new("/dev/null") } else { &unfinished };
        let opened = File::options().write(true).open(place).with_context(|| place.display().to_string());
        let written = opened.and_then(|file| self.write(upper, signals.interrupt(file), options)).and_then(|report| {
            let asking = kernel.because("everything is in it: it gets its name in one step");
            asking.rename(&unfinished, &self.out).map(|()| report)
        });
        if written.is_err() {
            // The error that led here is the one to report.
            let _ = kernel.because("half an archive is of no use").unlink(&unfinished);
        }
        written
    }

    fn write(&self, upper: &Path, out: impl Write, options: &CommitOptions) -> Result<Report> {
        let out = std::io::BufWriter::with_capacity(256 << 10, out);
        if !self.gzip {
            return overlay::commit(upper, out, options);
        }
        // No name and no time in its header: the same layer gives the same bytes.
        let mut gzip = GzBuilder::new().mtime(0).write(out, Compression::default());
        let report = overlay::commit(upper, &mut gzip, options)?;
        gzip.finish().and_then(|mut out| out.flush()).context("cannot write the archive")?;
        Ok(report)
    }
}

/// See reproducible-builds.org.
fn source_date_epoch() -> Result<Option<i64>> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.map(Some).with_context(|| format!("SOURCE_DATE_EPOCH={text:?} is no number of seconds"))
}

fn unfinished_name(out: &Path) -> Result<PathBuf> {
    let name = out.file_name().with_context(|| format!("{} names no file", out.display()))?;
    ensure!(!out.is_dir(), "{} is a directory; name the archive in it", out.display());
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(name);
    unfinished.push(".unfinished");
    Ok(out.with_file_name(unfinished))
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
