//! Files in the root of a process, opened with the rights that the sandbox gives: from outside, those of an ordinary user
//! would not do, because what root of a sandbox makes belongs to somebody else.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use serde::{Deserialize, Serialize};

use crate::process::Process;
use crate::sandbox::line;

/// The argument by which this program knows that it is to open a file; which one comes next.
const REACH: &str = "--open-a-file-inside";

/// The program `workshop`, which is known as soon as there is a sandbox.
static HELPER: OnceLock<PathBuf> = OnceLock::new();

#[derive(Deserialize, Serialize)]
struct Wish {
    /// Whose user namespace gives the right.
    rights: u32,
    /// In whose root.
    root: u32,
    path: PathBuf,
}

/// Remembers who can open files.
pub(crate) fn use_helper(helper: &Path) {
    let _ = HELPER.set(helper.to_owned());
}

/// Opens what lies at a path in the root of a process; a path out of that leads nowhere. Nothing when there is nothing.
pub(crate) fn open(process: Process, path: &Path) -> Option<File> {
    match open_here(process, path) {
        Ok(file) => Some(file),
        Err(Errno::EACCES | Errno::EPERM) => open_there(process, path).ok(),
        Err(_) => None,
    }
}

fn open_here(process: Process, path: &Path) -> nix::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let path = match path.strip_prefix("/").unwrap_or(path) {
        path if path.as_os_str().is_empty() => Path::new("."),
        path => path,
    };
    let errno = |error: rustix::io::Errno| Errno::from_raw(error.raw_os_error());
    // By its path alone: it may be looked through and still not be read.
    let root = rustix::fs::open(format!("/proc/{}/root", process.0), OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    openat2(root.map_err(errno)?, path, flags, Mode::empty(), ResolveFlags::IN_ROOT).map(File::from).map_err(errno)
}

fn open_there(process: Process, path: &Path) -> Result<File> {
    let wish = Wish { rights: outermost(process).0, root: process.0, path: path.to_owned() };
    let (ours, theirs) = line()?;
    let mut command = Command::new(HELPER.get().context("there is no sandbox")?);
    command.args([REACH, &serde_json::to_string(&wish)?]).stdin(Stdio::from(theirs));
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("the helper cannot be run")?;
    // Our copy of the other end was closed with the command: without a file, there is an end.
    drop(command);
    let mut byte = [0];
    let mut parts = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([i32; 1]);
    let received = recvmsg::<()>(ours.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let message = received.cmsgs()?.next().context("there is no such file")?;
    match message {
        ControlMessageOwned::ScmRights(numbers) => Ok(owned(*numbers.first().context("no file")?).into()),
        other => anyhow::bail!("{other:?}"),
    }
}

#[expect(
    unsafe_code,
    reason = "the kernel has just given us this; watched by what_root_of_a_sandbox_has_made_can_be_read"
)]
fn owned(number: i32) -> OwnedFd {
    // SAFETY: SCM_RIGHTS makes a new descriptor, which nobody else knows yet.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Of a process and those above it, the last that is in another user namespace than we are: the sandbox's own.
fn outermost(process: Process) -> Process {
    let own = Process(std::process::id());
    let mut found = process;
    while let Some(parent) = found.status("PPid").and_then(|pid| pid.parse().ok()).map(Process) {
        if parent.0 == 0 || parent.shares("user", own) {
            break;
        }
        found = parent;
    }
    found
}

/// Opens a file, when that is what this program was started for. For the very beginning of `main`.
pub fn reach_if_asked() -> Option<i32> {
    let mut arguments = std::env::args();
    if arguments.nth(1)? != REACH {
        return None;
    }
    let wish: Wish = serde_json::from_str(&arguments.next()?).ok()?;
    Some(i32::from(reach(&wish).is_err()))
}

fn reach(wish: &Wish) -> Result<()> {
    if !Process(wish.rights).shares("user", Process(std::process::id())) {
        let user = File::open(format!("/proc/{}/ns/user", wish.rights))?;
        setns(user, CloneFlags::CLONE_NEWUSER)?;
    }
    let file = open_here(Process(wish.root), &wish.path)?;
    let number = [file.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&number)];
    sendmsg::<()>(std::io::stdin().as_raw_fd(), &[IoSlice::new(b"f")], &rights, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}
