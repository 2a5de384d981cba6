//! The same calls through the door and past it: `door quiet|direct ROUNDS`, in a directory that may be written.
//!
//! Four cheap calls a round, made as the stages make them, so that what the door adds can be counted.

use std::ffi::OsStr;
use std::process::ExitCode;

use groundwork::Kernel;
use nix::sys::stat::Mode;
use nix::unistd::{chdir, mkdir};

/// How many calls a round has.
const MADE: &str = "door";

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let rounds = words.get(1).and_then(|word| word.parse().ok());
    let done = match (words.first().map(String::as_str), rounds) {
        (Some("quiet"), Some(rounds)) => through_the_door(rounds).is_ok(),
        (Some("direct"), Some(rounds)) => directly(rounds).is_ok(),
        _ => false,
    };
    ExitCode::from(u8::from(!done))
}

#[inline(never)]
fn through_the_door(rounds: usize) -> anyhow::Result<()> {
    let kernel = Kernel::quiet();
    for _ in 0..rounds {
        kernel.because("a directory to go to").mkdir(MADE, 0o755)?;
        kernel.because("what is done there needs no path").chdir(MADE)?;
        kernel.because("back to where we were").chdir("..")?;
        kernel.because("nothing is left behind").rmdir(MADE)?;
    }
    Ok(())
}

#[inline(never)]
fn directly(rounds: usize) -> nix::Result<()> {
    for _ in 0..rounds {
        mkdir(MADE, Mode::from_bits_retain(0o755))?;
        chdir(OsStr::new(MADE))?;
        chdir(OsStr::new(".."))?;
        nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, MADE, nix::unistd::UnlinkatFlags::RemoveDir)?;
    }
    Ok(())
}
