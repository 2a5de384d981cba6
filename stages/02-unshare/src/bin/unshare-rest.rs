//! `unshare-rest`: what else unshare(2) can separate.

#![expect(clippy::print_stdout, reason = "the table is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use unshare::rest::{self, Seen, Side};
use unshare::{ipc, user};

const EXAMPLES: &str = "\
Examples:
  unshare-rest               two children, one that shares and one that has unshared first
  unshare-rest --explain     with every call they make

What to know:
  - fork(2) copies these three, so after a fork there is nothing to separate. clone(2) with
    CLONE_FS, CLONE_FILES and CLONE_SYSVSEM leaves them shared, as they are between threads.
  - unshare(2) separates them again, and needs no privilege for it.
  - CLONE_FS holds the root directory too: in a program with threads, chroot(2) moves them all.
    That is why unshare(CLONE_NEWNS) and unshare(CLONE_NEWUSER) imply unshare(CLONE_FS).

See also: unshare(2), clone(2), semop(2), umask(2)";

/// Show what else unshare can separate: directories, descriptors, semaphore changes to undo
///
/// A child that shares all of it changes all of it, and ends; then this program looks at itself.
/// A second child does the same, and unshares first.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        user::own_ids_if_needed(kernel)?;
        // Whatever becomes of us, the semaphores end with it.
        ipc::own_ipc(kernel)?;
        let shared = match rest::watch(kernel, false)? {
            Side::Parent(seen) => seen,
            Side::Over(status) => return Ok(status),
        };
        let unshared = match rest::watch(kernel, true)? {
            Side::Parent(seen) => seen,
            Side::Over(status) => return Ok(status),
        };
        if !kernel.is_rehearsing() {
            print!("{}", table(&shared, &unshared));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(shared: &Seen, unshared: &Seen) -> String {
    let open = |seen: &Seen| if seen.descriptors > 0 { "open here too" } else { "not open here" }.to_owned();
    let umask = |seen: &Seen| format!("our umask is {:03o}", seen.umask);
    let directory = |seen: &Seen| format!("we are in {}", seen.directory.display());
    let semaphore = |seen: &Seen| format!("its value is {}", seen.semaphore);
    let row = |what: &str, say: &dyn Fn(&Seen) -> String| format!("{what:<34} {:<18} {}\n", say(shared), say(unshared));
    [
        format!("{:<34} {:<18} {}\n", "what the child did", "shared", "unshared first"),
        row("chdir(\"/proc\")", &directory),
        row("umask(077)", &umask),
        row("open a file, and leave it open", &open),
        row("add 1 to a semaphore, with undo", &semaphore),
    ]
    .concat()
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
