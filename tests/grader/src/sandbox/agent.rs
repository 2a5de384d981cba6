//! PID 1 of a sandbox: starts the programs that it is told to, each with a process beside it that waits for its end.

use std::ffi::CString;
use std::fs::File;
use std::io::{IoSliceMut, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use anyhow::{Context, Result, bail};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{
    Gid, Uid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, execve, setgroups, setresgid, setresuid, setsid,
};

use super::inside::forked;
use super::plan::{Limits, Request, Role, Told};

/// A request is shorter than this.
const LONGEST: usize = 256 * 1024;

/// Serves until the other end of the line is closed.
pub(super) fn serve(line: BorrowedFd<'_>) {
    while let Ok(Some((request, streams))) = receive(line) {
        // A failure is told on the fourth stream, by its end without a word.
        let _ = start(&request, streams);
    }
}

struct Streams {
    input: OwnedFd,
    output: OwnedFd,
    errors: OwnedFd,
    told: File,
}

fn receive(line: BorrowedFd<'_>) -> Result<Option<(Request, Streams)>> {
    let mut bytes = vec![0; LONGEST];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let mut space = nix::cmsg_space!([i32; 4]);
    let received = recvmsg::<()>(line.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let count = received.bytes;
    let mut descriptors = Vec::new();
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            descriptors.extend(numbers.into_iter().map(owned));
        }
    }
    if count == 0 {
        return Ok(None);
    }
    let Ok([input, output, errors, told]) = <[OwnedFd; 4]>::try_from(descriptors) else {
        bail!("a request comes with four streams");
    };
    let request = serde_json::from_slice(&bytes[..count])?;
    Ok(Some((request, Streams { input, output, errors, told: told.into() })))
}

#[expect(
    unsafe_code,
    reason = "the kernel has just given us these; watched by a_program_has_three_streams_and_a_status"
)]
fn owned(number: i32) -> OwnedFd {
    // SAFETY: SCM_RIGHTS makes new descriptors, which nobody else knows yet.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn start(request: &Request, streams: Streams) -> Result<()> {
    if forked()?.is_some() {
        return Ok(());
    }
    let _ = attend(request, streams);
    leave(0)
}

/// In the process that waits: starts the program, tells its number, and later how it ended.
fn attend(request: &Request, streams: Streams) -> Result<()> {
    heed_children();
    let Streams { input, output, errors, mut told } = streams;
    let Some(program) = forked()? else {
        drop(told);
        let error = become_program(request, input, output, errors).err();
        eprintln!("workshop: {:#}", error.unwrap_or_else(|| anyhow::anyhow!("execve returned")));
        leave(127)
    };
    drop((input, output, errors));
    told.write_all(Told::Started(nix::unistd::getpid().as_raw(), program.as_raw()).line().as_bytes())?;
    let end = match waitpid(program, None)? {
        WaitStatus::Signaled(_, signal, _) => Told::Killed(signal as i32),
        WaitStatus::Exited(_, status) => Told::Exited(status),
        other => bail!("{other:?}"),
    };
    told.write_all(end.line().as_bytes())?;
    Ok(())
}

fn become_program(request: &Request, input: OwnedFd, output: OwnedFd, errors: OwnedFd) -> Result<()> {
    dup2_stdin(&input)?;
    dup2_stdout(&output)?;
    dup2_stderr(&errors)?;
    setsid().context("setsid")?;
    chdir(&request.directory).with_context(|| format!("chdir({:?})", request.directory))?;
    limit(&request.limits)?;
    take_role(request.role)?;
    let words = |words: &[String]| words.iter().map(|word| CString::new(word.as_str())).collect::<Result<Vec<_>, _>>();
    let arguments = words(&request.arguments)?;
    let environment: Vec<_> = request.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let environment = words(&environment)?;
    let program = arguments.first().context("no program is named")?;
    execve(program, &arguments, &environment).with_context(|| format!("execve({program:?})"))?;
    Ok(())
}

fn limit(limits: &Limits) -> Result<()> {
    let each = [
        (Resource::RLIMIT_DATA, limits.memory),
        (Resource::RLIMIT_FSIZE, limits.file),
        (Resource::RLIMIT_NPROC, limits.processes),
        (Resource::RLIMIT_CPU, limits.cpu),
        (Resource::RLIMIT_CORE, 0),
    ];
    for (resource, most) in each {
        setrlimit(resource, most, most).with_context(|| format!("setrlimit({resource:?})"))?;
    }
    Ok(())
}

fn take_role(role: Role) -> Result<()> {
    match role {
        Role::Stay => Ok(()),
        Role::Become(id) => become_user(id),
        Role::Nested(id) => {
            let me = nix::unistd::geteuid();
            unshare(CloneFlags::CLONE_NEWUSER).context("unshare(CLONE_NEWUSER)")?;
            std::fs::write("/proc/self/setgroups", "deny").context("setgroups")?;
            std::fs::write("/proc/self/uid_map", format!("{id} {me} 1\n")).context("uid_map")?;
            std::fs::write("/proc/self/gid_map", format!("{id} {me} 1\n")).context("gid_map")
        }
    }
}

fn become_user(id: u32) -> Result<()> {
    setgroups(&[]).context("setgroups")?;
    setresgid(Gid::from_raw(id), Gid::from_raw(id), Gid::from_raw(id)).context("setresgid")?;
    setresuid(Uid::from_raw(id), Uid::from_raw(id), Uid::from_raw(id)).context("setresuid")
}

#[expect(unsafe_code, reason = "no handler of ours runs; watched by a_program_has_three_streams_and_a_status")]
fn heed_children() {
    for one in [Signal::SIGCHLD, Signal::SIGPIPE] {
        // SAFETY: the default runs no code of ours.
        let _ = unsafe { signal(one, SigHandler::SigDfl) };
    }
}

/// Ends without running what belongs to the process that we are a copy of.
#[expect(unsafe_code, reason = "no crate has _exit(2); watched by a_program_has_three_streams_and_a_status")]
fn leave(status: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { nix::libc::_exit(status) }
}
