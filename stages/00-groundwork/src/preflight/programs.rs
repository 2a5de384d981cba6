//! Programs that the course calls, and the terminal it is read on.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cause::{Cause, Kind};
use crate::host::{Here, Host};
use crate::preflight::Verdict;
use crate::preflight::trouble::{During, Tried};
use crate::program::DEFAULT_PATH;
use crate::refusal::interpreter_of;

/// Where a program is, if it is in PATH or in one of the usual places.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(std::env::split_paths(DEFAULT_PATH));
    directories.map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn missing(name: &str, remedy: String) -> Cause {
    Cause::new(Kind::MissingProgram, format!("{name} is not installed"), format!("`{remedy}`"))
}

/// Traces a child that does nothing: a container or yama can forbid it.
pub(super) fn strace() -> Tried {
    let strace =
        find("strace").ok_or_else(|| missing("strace", (&Here as &dyn Host).install("strace", "strace", "strace")))?;
    let words = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=none", "/bin/true"];
    let done = Command::new(strace).args(words).stdin(Stdio::null()).output().during("execve")?;
    if done.status.success() {
        return Ok(Verdict::works());
    }
    let host: &dyn Host = &Here;
    let yama = host.sysctl("kernel.yama.ptrace_scope").filter(|scope| scope == "3");
    Err(match yama {
        Some(scope) => Cause::sysctl("kernel.yama.ptrace_scope", &scope, "1", "lets nobody trace until the next start"),
        None if host.is_filtered() => Cause::seccomp(host),
        None => {
            let said = String::from_utf8_lossy(&done.stderr);
            let why = format!("strace may not trace: {}", said.lines().last().unwrap_or("it says nothing"));
            Cause::new(Kind::Unknown, why, "run this where nobody else traces it")
        }
    }
    .into())
}

pub(super) fn busybox() -> Tried {
    let host: &dyn Host = &Here;
    let install = || host.install("busybox-static", "busybox", "busybox-static");
    let busybox = find("busybox.static").or_else(|| find("busybox")).ok_or_else(|| missing("busybox", install()))?;
    let done = Command::new(&busybox).arg("true").stdin(Stdio::null()).output().during("execve")?;
    if !done.status.success() {
        return Err(missing("a busybox that runs", install()).into());
    }
    Ok(match interpreter_of(host, &busybox) {
        None => Verdict::works(),
        Some(loader) => Verdict::Limited {
            what: "its libraries have to be copied with it".to_owned(),
            cause: Cause::new(
                Kind::MissingProgram,
                format!("{} is run by {}", busybox.display(), loader.display()),
                format!("`{}`", install()),
            ),
        },
    })
}

pub(super) fn terminal() -> Tried {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return Ok(Verdict::works());
    }
    let why = "the input or the error output of this program is no terminal";
    let remedy = "run it in a terminal, or below `script -qc COMMAND /dev/null`";
    let cause = Cause::new(Kind::NoTerminal, why, remedy);
    Ok(Verdict::Limited { what: "nothing interactive".to_owned(), cause })
}
