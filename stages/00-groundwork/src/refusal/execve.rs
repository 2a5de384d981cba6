//! execve(2): the file is there and cannot be run.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno::{E2BIG, EACCES, ELOOP, ENOENT, ENOEXEC, ENOTDIR, ETXTBSY};

use crate::host::Host;
use crate::refusal::asked::{Asked, say};
use crate::refusal::elf::Elf;

/// The kernel follows one interpreter to the next this often: see execve(2).
const LONGEST_CHAIN: usize = 5;
/// The kernel reads this much of a file to find out what it is.
const FIRST_BYTES: usize = 256;

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let program = asked.path(0).filter(|_| asked.name.starts_with("execve"))?;
    let (host, shown) = (asked.host, program.display());
    match asked.errno {
        ENOENT => missing(host, &program),
        EACCES => denied(host, &program),
        ENOEXEC => no_program(host, &program),
        ELOOP => say(format!("{shown} leads through too many links or interpreters"), "begin it with `#!/bin/sh`"),
        E2BIG => {
            say("arguments and environment fill more than a quarter of the stack", "pass less, or raise `ulimit -s`")
        }
        ETXTBSY => say(format!("somebody has {shown} open for writing"), format!("see who: `fuser -v {shown}`")),
        ENOTDIR => say(format!("a part of {shown} before the last is a file"), format!("see which: `namei {shown}`")),
        _ => None,
    }
}

// ANCHOR: missing
/// ENOENT of a program that exists: what runs it does not.
fn missing(host: &dyn Host, program: &Path) -> Option<String> {
    // EXERCISE refusal-1
    let shown = program.display();
    if !host.has(program) {
        return match host.link(program) {
            Some(target) => {
                say(format!("{shown} is a link to {}, which this root lacks", target.display()), "copy that too")
            }
            None => say(format!("this root has no {shown}"), "name a program inside it, or copy one there"),
        };
    }
    let mut runs = program.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let interpreter = interpreter(host, &runs)?;
        if !host.has(&interpreter) {
            return missing_interpreter(&runs, &interpreter);
        }
        runs = interpreter;
    }
    None
    // END refusal-1
}
// ANCHOR_END: missing

fn missing_interpreter(program: &Path, interpreter: &Path) -> Option<String> {
    let (shown, runs) = (program.display(), interpreter.display());
    if interpreter.as_os_str().as_bytes().ends_with(b"\r") {
        return say(
            format!(
                "{shown} has lines as in Windows, and the carriage return counts as part of its interpreter's name"
            ),
            format!("`sed -i 's/\\r$//' {shown}`"),
        );
    }
    say(
        format!("{shown} is there, but what runs it is not: {runs} is missing in this root"),
        "copy it there, with the libraries it loads",
    )
}

/// What the kernel starts in place of a program: the interpreter after `#!`, or the loader of an ELF file.
fn interpreter(host: &dyn Host, program: &Path) -> Option<PathBuf> {
    if let Some(elf) = Elf::open(host, program) {
        return elf.interpreter(host, program);
    }
    let content = host.read_at(program, 0, FIRST_BYTES)?;
    let line = content.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    // Only spaces and tabs end a name for the kernel: a carriage return is part of it.
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t' | 0));
    let name = words.find(|word| !word.is_empty())?;
    Some(PathBuf::from(OsStr::from_bytes(name)))
}

fn denied(host: &dyn Host, program: &Path) -> Option<String> {
    let shown = program.display();
    let Some(look) = host.look(program) else {
        return say(
            format!("this user may not search a directory above {shown}"),
            format!("see which: `namei -l {shown}`"),
        );
    };
    if look.is_directory {
        return say(format!("{shown} is a directory"), "name a program in it");
    }
    if host.is_noexec(program) {
        return noexec(host, program);
    }
    if !look.is_executable {
        return say(format!("{shown} is not executable"), format!("`chmod +x {shown}`"));
    }
    let interpreter = interpreter(host, program)?;
    let runs = interpreter.display();
    let is_executable = host.look(&interpreter).is_some_and(|look| look.is_executable && !look.is_directory);
    if is_executable {
        return None;
    }
    say(format!("{shown} is run by {runs}, which is not executable"), format!("`chmod +x {runs}`"))
}

fn noexec(host: &dyn Host, program: &Path) -> Option<String> {
    let shown = program.display();
    // Inside a chroot the mount around the root is out of sight.
    match host.mount_under(program).filter(|mount| mount.options.iter().any(|option| option == "noexec")) {
        Some(mount) => say(
            format!("{shown} lies on {}, which is mounted noexec", mount.target.display()),
            format!("copy it elsewhere, or `mount -o remount,exec {}`", mount.target.display()),
        ),
        None => say(
            format!("{shown} lies on a file system which is mounted noexec"),
            "keep this root elsewhere: `findmnt -T ROOT` on the host shows what it lies on",
        ),
    }
}

fn no_program(host: &dyn Host, program: &Path) -> Option<String> {
    let (shown, here) = (program.display(), std::env::consts::ARCH);
    let Some(elf) = Elf::open(host, program) else {
        return no_elf(&host.read_at(program, 0, FIRST_BYTES)?, program);
    };
    if let Some(machine) = elf.foreign_machine() {
        return say(
            format!("{shown} is made for {machine}, and this machine is {here}"),
            format!("take a root file system made for {here}"),
        );
    }
    if elf.is_32_bit() {
        return say(format!("{shown} is a 32-bit program, and this kernel runs none"), "take a 64-bit one");
    }
    say(format!("{shown} begins as an ELF program, and is damaged"), "copy it again")
}

fn no_elf(content: &[u8], program: &Path) -> Option<String> {
    let shown = program.display();
    let is_text = content.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    if content.is_empty() {
        return say(format!("{shown} is empty"), "copy it again, whole");
    }
    if is_text {
        return say(format!("{shown} does not say what runs it"), "make `#!/bin/sh` its first line");
    }
    say(format!("{shown} is neither an ELF program nor a script"), format!("see what it is: `file {shown}`"))
}

#[cfg(test)]
mod tests;
