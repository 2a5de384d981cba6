//! The kernel really refuses, and the hint says why.
//!
//! Each case runs in a child of this program, which has one thread, in a user namespace and a mount namespace of its
//! own with an empty tmpfs on /tmp. The child makes a mistake through the door, and the hint must have certain words.
#![expect(clippy::print_stdout, reason = "this is its own test harness")]

mod cgroups;
mod identity;
mod mounts;
mod namespaces;
mod overlay;
mod programs;
mod roots;

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use groundwork::preflight::{Need, check};
use groundwork::{Hint, Kernel};
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, getegid, geteuid};

/// A claim, the words that the hint must have, and the mistake.
pub(crate) type Case = (&'static str, &'static str, fn(&Kernel) -> Result<()>);

/// What a child says of a case that this host cannot show.
const SKIPPED: u8 = 77;

fn main() -> ExitCode {
    let inside = [identity::CASES, mounts::CASES, namespaces::CASES, overlay::CASES, programs::CASES, roots::CASES];
    let inside = inside.concat().into_iter().map(|case| (case, true));
    let outside = [cgroups::OUTSIDE, identity::OUTSIDE, roots::OUTSIDE].concat().into_iter().map(|case| (case, false));
    let wanted: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let cases = inside.chain(outside).filter(|((name, ..), _)| wanted.iter().all(|word| name.contains(word)));
    let cases: Vec<_> = cases.collect();
    if std::env::args().any(|word| word == "--list") {
        cases.iter().for_each(|((name, ..), _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if let Some(cause) = check(Need::UserNamespaces).cause().filter(|_| check(Need::UserNamespaces).is_blocked()) {
        println!("skipped: {} cases, because {}; {}", cases.len(), cause.why, cause.remedy);
        return ExitCode::SUCCESS;
    }
    let kernel = Kernel::quiet();
    let (mut failed, mut skipped) = (0, 0);
    for (case, is_inside) in &cases {
        match kernel.because("a mistake leaves its mark on the process that makes it").fork() {
            Ok(ForkResult::Child) => return told(case, *is_inside, &kernel),
            Ok(ForkResult::Parent { child }) => {
                let status = kernel.because("one after the other").wait4(child).map_or(1, |waited| waited.status());
                skipped += usize::from(status == SKIPPED);
                failed += usize::from(status != 0 && status != SKIPPED);
            }
            Err(error) => {
                groundwork::cli::report(&error);
                failed += 1;
            }
        }
    }
    println!("\ntest result: {} passed; {failed} failed; {skipped} skipped", cases.len() - failed - skipped);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// In the child: makes the mistake, and compares the hint.
fn told((name, words, mistake): &Case, is_inside: bool, kernel: &Kernel) -> ExitCode {
    let entered = if is_inside { enter(kernel) } else { Ok(()) };
    let outcome = entered.and_then(|()| match mistake(kernel) {
        Ok(()) => Err(anyhow!("the kernel did not refuse")),
        Err(error) if error.is::<Skipped>() => Err(error),
        Err(error) => {
            let hint = Hint::of(&error).with_context(|| format!("no hint for: {error:#}"))?;
            ensure!(hint.contains(words), "expected {words:?} in the hint: {hint}\n  for: {error:#}");
            Ok(())
        }
    });
    match outcome {
        Ok(()) => println!("test {name} ... ok"),
        Err(error) if error.is::<Skipped>() => {
            println!("test {name} ... skipped: {error}");
            return ExitCode::from(SKIPPED);
        }
        Err(error) => {
            println!("test {name} ... FAILED\n  {error:#}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Why a case cannot be shown on this host.
#[derive(Debug)]
pub(crate) struct Skipped(pub(crate) &'static str);

impl std::fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Skipped {}

/// A user namespace, whoever we are, private mounts, and an empty /tmp.
fn enter(kernel: &Kernel) -> Result<()> {
    own_ids(kernel)?;
    unshare(kernel, CloneFlags::CLONE_NEWNS)?;
    change(kernel, "/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    tmpfs(kernel, "/tmp")
}

pub(crate) fn own_ids(kernel: &Kernel) -> Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(kernel, CloneFlags::CLONE_NEWUSER)?;
    for (file, content) in
        [("setgroups", "deny".to_owned()), ("uid_map", format!("0 {user} 1")), ("gid_map", format!("0 {group} 1"))]
    {
        kernel.because("root inside").write(format!("/proc/self/{file}"), content)?;
    }
    Ok(())
}

pub(crate) fn unshare(kernel: &Kernel, flags: CloneFlags) -> Result<()> {
    kernel.because("part of a case").unshare(flags)
}

pub(crate) fn change(kernel: &Kernel, target: &str, flags: MsFlags) -> Result<()> {
    kernel.because("part of a case").mount(None, target, None, flags, None)
}

pub(crate) fn bind(kernel: &Kernel, source: &str, target: &str) -> Result<()> {
    kernel.because("part of a case").mount(Some(Path::new(source)), target, None, MsFlags::MS_BIND, None)
}

pub(crate) fn mount(kernel: &Kernel, fstype: &str, target: &str) -> Result<()> {
    let source = Some(Path::new("none"));
    kernel.because("part of a case").mount(source, target, Some(fstype), MsFlags::empty(), None)
}

pub(crate) fn tmpfs(kernel: &Kernel, target: &str) -> Result<()> {
    mount(kernel, "tmpfs", target)
}

pub(crate) fn directories(names: &[&str]) -> Result<()> {
    names.iter().try_for_each(|name| Ok(std::fs::create_dir_all(Path::new("/tmp").join(name))?))
}

pub(crate) fn file(name: &str, content: &str, mode: u32) -> Result<PathBuf> {
    let path = Path::new("/tmp").join(name);
    std::fs::write(&path, content)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
    Ok(path)
}

pub(crate) fn execve(kernel: &Kernel, program: &Path) -> Result<()> {
    let program: CString = CString::new(program.as_os_str().as_bytes())?;
    let program: &CStr = &program;
    kernel.because("part of a case").execve(program, &[program.to_owned()], &[]).map(drop)
}
