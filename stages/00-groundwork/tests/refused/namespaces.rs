//! Namespaces that cannot be made or joined, and processes that cannot be born.

use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Result;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::ForkResult;

use crate::{Case, Skipped, file, own_ids, unshare};

pub(crate) const CASES: &[Case] = &[
    ("a_namespace_without_the_right_to_it", "add CLONE_NEWUSER", |kernel| {
        rustix::thread::set_capabilities(
            None,
            rustix::thread::CapabilitySets {
                effective: rustix::thread::CapabilitySet::empty(),
                permitted: rustix::thread::CapabilitySet::empty(),
                inheritable: rustix::thread::CapabilitySet::empty(),
            },
        )?;
        unshare(kernel, CloneFlags::CLONE_NEWUTS)
    }),
    ("a_second_pid_namespace_before_the_fork", "begins with its next child", |kernel| {
        unshare(kernel, CloneFlags::CLONE_NEWPID)?;
        unshare(kernel, CloneFlags::CLONE_NEWPID)
    }),
    ("a_limit_of_no_namespaces", "user.max_uts_namespaces is 0", |kernel| {
        kernel.because("part of a case").write("/proc/sys/user/max_uts_namespaces", "0")?;
        unshare(kernel, CloneFlags::CLONE_NEWUTS)
    }),
    ("a_birth_into_a_time_namespace_by_the_older_call", "use clone3(2)", |kernel| {
        kernel.because("part of a case").clone(CloneFlags::from_bits_retain(libc::CLONE_NEWTIME)).map(drop)
    }),
    ("user_namespaces_nested_too_deep", "32 are nested", |kernel| {
        loop {
            own_ids(kernel)?;
        }
    }),
    ("a_birth_after_the_first_process_has_ended", "takes no more after it", after_the_first),
    ("a_hostname_that_is_too_long", "the name has 65 bytes", |kernel| {
        unshare(kernel, CloneFlags::CLONE_NEWUTS)?;
        kernel.because("part of a case").sethostname("x".repeat(65))
    }),
    ("a_hostname_of_the_host", "unshare(CLONE_NEWUSER|CLONE_NEWUTS)", |kernel| {
        kernel.because("part of a case").sethostname("mine")
    }),
    ("clocks_that_are_set_too_late", "before the first child is born", |kernel| {
        let time = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
        unshare(kernel, time).map_err(|error| match Refused::errno_of(&error) {
            Some(Errno::EINVAL) => Skipped("this kernel has no time namespaces").into(),
            _ => error,
        })?;
        an_ended_child(kernel)?;
        kernel.because("part of a case").write("/proc/self/timens_offsets", "monotonic 1 0")
    }),
    ("a_namespace_of_another_kind", "ask for CLONE_NEWUTS", |kernel| {
        join(kernel, "/proc/self/ns/uts", CloneFlags::CLONE_NEWNET)
    }),
    ("the_user_namespace_one_is_in", "cannot enter it twice", |kernel| {
        join(kernel, "/proc/self/ns/user", CloneFlags::CLONE_NEWUSER)
    }),
    ("a_namespace_of_the_host", "join its user namespace first", |kernel| {
        join(kernel, "/proc/self/ns/uts", CloneFlags::CLONE_NEWUTS)
    }),
    ("a_file_that_keeps_no_namespace", "keeps no namespace", |kernel| {
        let plain = file("plain", "", 0o644)?;
        let plain = kernel.because("part of a case").openat(plain, OFlag::O_RDONLY)?;
        kernel.because("part of a case").setns(plain.as_fd(), CloneFlags::CLONE_NEWUTS)
    }),
    ("a_signal_to_nobody", "that process has ended", |kernel| {
        let child = an_ended_child(kernel)?;
        kernel.because("part of a case").kill(child, Signal::SIGTERM)
    }),
    ("a_wait_for_nobodys_child", "no child of this process", |kernel| {
        let child = an_ended_child(kernel)?;
        kernel.because("part of a case").wait4(child).map(drop)
    }),
    ("a_process_of_nobodys", "there is no /proc/", |kernel| {
        let child = an_ended_child(kernel)?;
        kernel.because("part of a case").write(format!("/proc/{child}/uid_map"), "0 0 1")
    }),
];

fn join(kernel: &Kernel, file: &str, flags: CloneFlags) -> Result<()> {
    let file = kernel.because("part of a case").openat(Path::new(file), OFlag::O_RDONLY)?;
    kernel.because("part of a case").setns(file.as_fd(), flags)
}

fn after_the_first(kernel: &Kernel) -> Result<()> {
    unshare(kernel, CloneFlags::CLONE_NEWPID)?;
    an_ended_child(kernel)?;
    an_ended_child(kernel).map(drop)
}

/// A child that was, and is no more.
#[expect(unsafe_code, reason = "a child that returned would go on with the case")]
fn an_ended_child(kernel: &Kernel) -> Result<nix::unistd::Pid> {
    match kernel.because("part of a case").fork()? {
        // SAFETY: it takes a number and does not return; nothing of ours is left to be dropped.
        ForkResult::Child => unsafe { libc::_exit(0) },
        ForkResult::Parent { child } => {
            kernel.because("part of a case").wait4(child)?;
            Ok(child)
        }
    }
}
