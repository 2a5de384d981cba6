//! Processes and the namespaces they are in, read from /proc: see proc_pid_ns(5) and namespaces(7).

use std::fs;
use std::io;

use anyhow::{Context, Result, bail};
use nix::libc;
use nix::unistd::Pid;
use unshare::Namespace;

use crate::link::{Identity, link_for_children};

/// One process, with the namespaces it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number, as this PID namespace has it.
    pub pid: Pid,
    /// When it was started, in clock ticks since the host was.
    pub started: u64,
    /// Its command line in one line, or its name in brackets when it has none.
    pub command: String,
    /// One of each kind that the kernel knows.
    pub namespaces: Vec<Identity>,
    /// Those that its next child will be in, where they are others: it said unshare(2) or setns(2), and is outside.
    pub for_children: Vec<Identity>,
    /// True when its next child will be PID 1 of a namespace that has no number yet: the link leads nowhere.
    pub begins_pid_namespace: bool,
}

/// What a look at a PID can come to.
#[derive(Debug)]
pub enum Look {
    /// A process.
    Seen(Process),
    /// A process that is not ours to look at: see ptrace(2), PTRACE_MODE_READ_FSCREDS.
    Hidden,
    /// Nothing, or what is left of a process until its parent asks for its status.
    Gone,
}

/// All processes.
#[derive(Debug)]
pub struct Processes {
    /// Those one may look at, by PID.
    pub seen: Vec<Process>,
    /// How many there are besides.
    pub hidden: usize,
}

// ANCHOR: all
/// Looks at every process. Those that end in the meantime are left out.
///
/// # Errors
/// /proc is not mounted.
pub fn all() -> Result<Processes> {
    let mut processes = Processes { seen: Vec::new(), hidden: 0 };
    for entry in fs::read_dir("/proc").context("cannot list /proc; is it mounted?")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        match look(Pid::from_raw(pid)) {
            Look::Seen(process) => processes.seen.push(process),
            Look::Hidden => processes.hidden += 1,
            Look::Gone => {}
        }
    }
    processes.seen.sort_by_key(|process| process.pid);
    Ok(processes)
}

/// Looks at one process.
///
/// # Errors
/// It is not there, or not ours to look at.
pub fn one(pid: Pid) -> Result<Process> {
    match look(pid) {
        Look::Seen(process) => Ok(process),
        Look::Hidden => {
            bail!("process {pid} is not yours to look at; {WHO_MAY_LOOK}")
        }
        Look::Gone => bail!("there is no process {pid}; `ps -e` lists those that there are"),
    }
}

/// Looks at one process, and says what came of it.
pub fn look(pid: Pid) -> Look {
    let mut namespaces = Vec::new();
    for kind in Namespace::ALL {
        match Identity::of_process(pid, kind) {
            Ok(identity) => namespaces.push(identity),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Look::Hidden,
            // The kernel does not know the kind, or the process has left it because it is ending.
            Err(_) => {}
        }
    }
    match started(pid) {
        Some(started) if !namespaces.is_empty() => {
            let for_children = for_children(pid, &namespaces);
            let begins_pid_namespace = begins_pid_namespace(pid, &namespaces);
            Look::Seen(Process { pid, started, command: command(pid), namespaces, for_children, begins_pid_namespace })
        }
        _ => Look::Gone,
    }
}
// ANCHOR_END: all

impl Process {
    /// The namespace of this kind that it is in.
    pub fn namespace(&self, kind: Namespace) -> Option<Identity> {
        self.namespaces.iter().copied().find(|identity| identity.kind == kind)
    }
}

fn for_children(pid: Pid, own: &[Identity]) -> Vec<Identity> {
    let links = [Namespace::Pid, Namespace::Time].map(|kind| link_for_children(pid, kind));
    let next = links.iter().filter_map(|link| Identity::of_link(link).ok());
    next.filter(|identity| !own.contains(identity)).collect()
}

/// A process that is ending has no mounts any more, and its links lead nowhere for that reason.
fn begins_pid_namespace(pid: Pid, own: &[Identity]) -> bool {
    let link = link_for_children(pid, Namespace::Pid);
    let leads_nowhere = fs::read_link(&link).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let is_there = fs::symlink_metadata(&link).is_ok() && own.iter().any(|identity| identity.kind == Namespace::Mount);
    leads_nowhere && is_there
}

/// Field 22 of /proc/PID/stat. The second one is a name that may contain anything, so the count begins after its end.
fn started(pid: Pid) -> Option<u64> {
    let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn command(pid: Pid) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = line.split(|byte| *byte == 0).filter(|word| !word.is_empty()).collect();
    if !words.is_empty() {
        return printable(&words.join(&b' '));
    }
    // A kernel thread, or a process that is ending.
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    format!("[{}]", printable(name.trim_ascii_end()))
}

/// A process chooses its own name, and may choose one that would move the cursor.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

/// The rule behind [`Look::Hidden`], for messages.
pub(crate) const WHO_MAY_LOOK: &str =
    "only its owner may look at a process, and whoever has CAP_SYS_PTRACE over it: see ptrace(2)";

/// The largest PID that the kernel gives away on a 64-bit machine: see proc_sys_kernel(5), pid_max.
pub const LARGEST_PID: libc::pid_t = 1 << 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen_with_every_kind_that_the_kernel_knows() {
        let process = one(Pid::this()).unwrap();
        let known = Namespace::ALL.into_iter().filter(|kind| unshare::namespace::is_known(*kind)).count();
        assert_eq!(process.namespaces.len(), known);
        assert_eq!(process.namespace(Namespace::Uts), Identity::of_caller(Namespace::Uts));
        assert!(process.command.contains("nsfs"), "{}", process.command);
        assert!(process.started > 0);
    }

    #[test]
    fn a_pid_that_cannot_be_is_gone_and_no_failure() {
        assert!(matches!(look(Pid::from_raw(LARGEST_PID)), Look::Gone));
        assert!(one(Pid::from_raw(LARGEST_PID)).unwrap_err().to_string().contains("there is no process"));
    }

    #[test]
    fn a_command_line_cannot_move_the_cursor() {
        assert_eq!(printable(b"a\x1b[2Jb\nc"), "a?[2Jb?c");
    }

    #[test]
    fn all_processes_include_this_one() {
        let pid = Pid::this();
        assert!(all().unwrap().seen.iter().any(|process| process.pid == pid));
    }
}
