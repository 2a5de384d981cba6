//! Roots that cannot be left or entered.

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;

use crate::{Case, Skipped, change, directories, file, tmpfs, unshare};

pub(crate) const CASES: &[Case] = &[
    ("a_pivot_to_a_plain_directory", "/tmp/new is no mount point", |kernel| {
        directories(&["new"])?;
        pivot(kernel, "/tmp/new", "/tmp/new")
    }),
    ("a_pivot_on_a_shared_mount", "/ is a shared mount", |kernel| {
        change(kernel, "/", MsFlags::MS_SHARED)?;
        pivot(kernel, "/tmp", "/tmp")
    }),
    ("an_old_root_outside_the_new_one", "does not lie in /tmp/new", |kernel| {
        directories(&["new", "old"])?;
        tmpfs(kernel, "/tmp/new")?;
        pivot(kernel, "/tmp/new", "/tmp/old")
    }),
    ("a_pivot_inside_a_chroot", "in a chroot", |kernel| {
        directories(&["root/new", "root/proc"])?;
        tmpfs(kernel, "/tmp/root/new")?;
        keep_proc(kernel, "/tmp/root/proc")?;
        kernel.because("part of a case").chroot("/tmp/root")?;
        pivot(kernel, "/new", "/new")
    }),
    ("a_root_that_is_a_file", "is no directory", |kernel| {
        let file = file("file", "", 0o644)?;
        kernel.because("part of a case").chroot(file)
    }),
    ("a_root_that_is_not_there", "there is no /tmp/none", |kernel| {
        kernel.because("part of a case").chroot("/tmp/none")
    }),
    ("an_unmount_of_no_mount", "/proc/self is no mount point", |kernel| umount(kernel, "/proc/self")),
    ("an_unmount_of_what_came_from_outside", "mount something over it", |kernel| umount(kernel, "/proc")),
    ("an_unmount_with_somebody_inside", "is in use", |kernel| {
        std::env::set_current_dir("/tmp")?;
        umount(kernel, "/tmp")
    }),
];

/// In a user namespace every root that came from outside is locked, which the kernel looks at first.
pub(crate) const OUTSIDE: &[Case] = &[("a_pivot_to_the_root_mount", "make it a mount of its own", |kernel| {
    if !nix::unistd::geteuid().is_root() {
        return Err(Skipped("only root has a root mount that is not locked").into());
    }
    unshare(kernel, CloneFlags::CLONE_NEWNS)?;
    change(kernel, "/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    pivot(kernel, "/", "/")
})];

/// What a hint is made of is read from /proc.
fn keep_proc(kernel: &Kernel, target: &str) -> Result<()> {
    let all = MsFlags::MS_BIND | MsFlags::MS_REC;
    kernel.because("part of a case").mount(Some(Path::new("/proc")), target, None, all, None)
}

fn pivot(kernel: &Kernel, new_root: &str, put_old: &str) -> Result<()> {
    kernel.because("part of a case").pivot_root(new_root, put_old)
}

fn umount(kernel: &Kernel, target: &str) -> Result<()> {
    kernel.because("part of a case").umount2(target, MntFlags::empty())
}
