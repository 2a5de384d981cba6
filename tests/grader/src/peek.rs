//! A look from inside somebody's namespaces, by a process of ours: what no file of /proc shows from outside.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, setns};
use serde::{Deserialize, Serialize};

use crate::process::Process;

/// The argument by which this program knows that it is to look; what at comes next.
const PEEK: &str = "--look-from-inside";

#[derive(Deserialize, Serialize)]
struct Question {
    pid: u32,
    kinds: Vec<String>,
    /// What to run; without any, the names are told.
    arguments: Vec<String>,
}

/// What the namespaces of a process hold that has no file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Of the UTS namespace.
    pub hostname: String,
    /// Of the UTS namespace.
    pub domainname: String,
    /// System V objects of the IPC namespace, a line each.
    pub objects: Vec<String>,
}

/// The names and objects that a process has; nothing when it is gone, or not ours.
pub fn names(helper: &Path, process: Process) -> Option<Names> {
    let output = ask(helper, process, &["uts", "ipc"], &[]).ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// Runs a program of the host in some namespaces of a process. Not its mounts: that could be anybody's program.
///
/// # Errors
/// The process is gone, or not ours.
pub fn run(helper: &Path, process: Process, kinds: &[&str], arguments: &[&str]) -> Result<String> {
    let output = ask(helper, process, kinds, arguments)?;
    Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn ask(helper: &Path, process: Process, kinds: &[&str], arguments: &[&str]) -> Result<Output> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let question = Question { pid: process.0, kinds: owned(kinds), arguments: owned(arguments) };
    let mut command = Command::new(helper);
    command.args([PEEK, &serde_json::to_string(&question)?]).stdin(Stdio::null());
    command.output().with_context(|| helper.display().to_string())
}

/// Looks, when that is what this program was started for. For the very beginning of `main`.
pub fn look_if_asked() -> Option<i32> {
    let mut arguments = std::env::args();
    if arguments.nth(1)? != PEEK {
        return None;
    }
    let question: Question = serde_json::from_str(&arguments.next()?).ok()?;
    Some(look(&question).map_or_else(
        |error| {
            eprintln!("{error:#}");
            1
        },
        |()| 0,
    ))
}

fn look(question: &Question) -> Result<()> {
    let own = Process(std::process::id());
    let there = Process(question.pid);
    let open = |kind: &str| File::open(format!("/proc/{}/ns/{kind}", question.pid)).with_context(|| kind.to_owned());
    // The user namespace first: it gives the right to the others, which were open before it was entered.
    let user = (!there.shares("user", own)).then(|| open("user")).transpose()?;
    let others = question.kinds.iter().map(|kind| open(kind)).collect::<Result<Vec<_>>>()?;
    for (file, name) in
        user.iter().map(|file| (file, "user")).chain(others.iter().zip(question.kinds.iter().map(String::as_str)))
    {
        setns(file, CloneFlags::empty()).with_context(|| format!("setns({name})"))?;
    }
    match question.arguments.split_first() {
        Some((program, rest)) => {
            use std::os::unix::process::CommandExt;
            Err(Command::new(program).args(rest).exec()).context(program.clone())
        }
        None => {
            serde_json::to_writer(std::io::stdout(), &now())?;
            Ok(())
        }
    }
}

fn now() -> Names {
    let name = nix::sys::utsname::uname();
    let text = |name: nix::Result<nix::sys::utsname::UtsName>,
                field: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        name.map(|name| field(&name).to_string_lossy().into_owned()).unwrap_or_default()
    };
    Names {
        hostname: text(name, nix::sys::utsname::UtsName::nodename),
        domainname: text(name, nix::sys::utsname::UtsName::domainname),
        objects: objects(),
    }
}

fn objects() -> Vec<String> {
    let of = |kind: &str| {
        let text = std::fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        let line = |line: &str| {
            let words: Vec<_> = line.split_whitespace().take(2).collect();
            format!("{kind} object: key {}", words.join(", id "))
        };
        text.lines().skip(1).map(line).collect::<Vec<_>>()
    };
    ["msg", "shm", "sem"].into_iter().flat_map(of).collect()
}
