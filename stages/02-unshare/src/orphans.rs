//! What becomes of orphans: PID 1 of the namespace is their new parent, and its end is theirs.

use std::process::ExitCode;

use anyhow::Result;
use groundwork::Kernel;
use nix::unistd::{ForkResult, getpid, getppid, pause};

use crate::child::quietly;
use crate::handshake::Handshake;
use crate::pid::own_pids;

/// Says a line of the story. A rehearsal has none: nothing happened.
type Say = fn(&str);

// ANCHOR: orphans
/// Plays the story: 1 starts 2, 2 starts 3, 2 ends, 1 ends. `say` gets what each of them sees.
///
/// # Errors
/// Those of [`own_pids`].
pub fn play(kernel: &Kernel, say: Say) -> Result<ExitCode> {
    let say = if kernel.is_rehearsing() { |_: &str| () } else { say };
    let (outside, third) = Handshake::pair()?;
    let mut is_inside = false;
    let ended = own_pids(kernel, || {
        is_inside = true;
        be_first(kernel, say, third)
    })?;
    if !is_inside {
        // Only 3 could still hold the other side, and it never ends by itself.
        say(if outside.is_abandoned() {
            "outside: 3 is gone too: the kernel has ended it"
        } else {
            "outside: 3 lives"
        });
    }
    Ok(ended)
}

fn be_first(kernel: &Kernel, say: Say, third_to_outside: Handshake) -> Result<ExitCode> {
    let (first, third) = Handshake::pair()?;
    let (first_to_second, second) = Handshake::pair()?;
    match kernel.because("PID 1 starts a process, as any program does").fork()? {
        ForkResult::Child => {
            drop((first, first_to_second));
            quietly(be_second(kernel, say, &second, Lines { first: third, outside: third_to_outside }))
        }
        ForkResult::Parent { child } => {
            drop((third, second, third_to_outside));
            first.wait(kernel, "3 is there")?;
            first_to_second.release(kernel, "2 has seen its child, and may end")?;
            kernel.because("PID 1 reaps its own child, and 3 is an orphan from now on").wait4(child)?;
            say("1: 2 has ended");
            first.release(kernel, "3 shall look again")?;
            first.wait(kernel, "3 has looked")?;
            say("1: I end, and 3 is still running");
            Ok(ExitCode::SUCCESS)
        }
    }
}
// ANCHOR_END: orphans

/// The lines that lead out of 3.
struct Lines {
    first: Handshake,
    #[expect(dead_code, reason = "held and never used: that nobody holds it any more is what is seen outside")]
    outside: Handshake,
}

fn be_second(kernel: &Kernel, say: Say, first: &Handshake, lines: Lines) -> Result<ExitCode> {
    match kernel.because("that process starts another one").fork()? {
        ForkResult::Child => be_third(kernel, say, &lines),
        ForkResult::Parent { .. } => {
            drop(lines);
            first.wait(kernel, "were it to end at once, 3 would never see it as its parent")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn be_third(kernel: &Kernel, say: Say, lines: &Lines) -> Result<ExitCode> {
    say(&format!("{}: my parent is {}", getpid(), getppid()));
    lines.first.release(kernel, "3 is there, and has a parent")?;
    lines.first.wait(kernel, "until that parent has ended")?;
    say(&format!("{}: my parent is {}", getpid(), getppid()));
    lines.first.release(kernel, "3 has looked, and will never end by itself")?;
    while !kernel.is_rehearsing() {
        pause();
    }
    Ok(ExitCode::SUCCESS)
}
