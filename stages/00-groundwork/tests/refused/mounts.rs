//! Mounts that the kernel does not make.

use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;

use crate::{Case, Skipped, bind, change, directories, file, mount, own_ids, tmpfs, unshare};

pub(crate) const CASES: &[Case] = &[
    ("a_fresh_proc_in_the_hosts_pid_namespace", "unshare(CLONE_NEWPID)", |kernel| mount(kernel, "proc", "/tmp")),
    ("a_fresh_proc_before_the_fork", "fork(2), and let the child mount proc", |kernel| {
        unshare(kernel, CloneFlags::CLONE_NEWPID)?;
        mount(kernel, "proc", "/tmp")
    }),
    ("a_sysfs_of_the_hosts_network", "unshare(CLONE_NEWNET)", |kernel| mount(kernel, "sysfs", "/tmp")),
    ("message_queues_of_the_host", "unshare(CLONE_NEWIPC)", |kernel| mount(kernel, "mqueue", "/tmp")),
    ("a_file_system_for_root_of_the_host", "only root of the host may mount", |kernel| {
        mount(kernel, "debugfs", "/tmp").map_err(|error| match groundwork::Refused::errno_of(&error) {
            Some(nix::errno::Errno::ENODEV) => Skipped("this kernel has no debugfs").into(),
            _ => error,
        })
    }),
    ("a_file_system_that_is_none", "this kernel knows no nonefs", |kernel| mount(kernel, "nonefs", "/tmp")),
    ("a_kind_that_is_not_named", "name one, or add MS_BIND", |kernel| mount(kernel, "", "/tmp")),
    ("a_mount_point_that_is_none", "make the mount point first", |kernel| bind(kernel, "/tmp", "/tmp/none")),
    ("a_source_that_is_none", "there is no /tmp/none to bind", |kernel| bind(kernel, "/tmp/none", "/tmp")),
    ("a_file_on_a_directory", "a file is mounted on a file", |kernel| bind(kernel, "/proc/version", "/tmp")),
    ("a_directory_held_in_the_hand_on_a_file", "only a file can be mounted there", |kernel| {
        directories(&["held"])?;
        let (held, place) = (kernel.because("part of a case").open_tree("/tmp/held")?, file("place", "", 0o644)?);
        kernel.because("part of a case").move_mount(held.as_fd(), place)
    }),
    ("a_bind_that_would_uncover_something", "MS_REC", |kernel| bind(kernel, "/", "/tmp")),
    ("a_directory_that_is_made_private", "/proc/self is no mount point", |kernel| {
        change(kernel, "/proc/self", MsFlags::MS_PRIVATE)
    }),
    ("two_propagations_at_once", "give one of these flags", |kernel| {
        change(kernel, "/tmp", MsFlags::MS_PRIVATE | MsFlags::MS_SLAVE)
    }),
    ("a_remount_without_the_locked_flags", "add MS_NOSUID|MS_NODEV", without_the_locked_flags),
    ("a_mount_moved_off_a_shared_one", "`mount --make-private /tmp` first", moved_off_a_shared_one),
    ("a_remount_while_somebody_writes", "open for writing", |kernel| {
        let _writes = std::fs::File::create("/tmp/written")?;
        change(kernel, "/tmp", MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY)
    }),
    ("a_mount_namespace_kept_in_itself", "kept in one that is older", |kernel| {
        file("kept", "", 0o644)?;
        bind(kernel, "/proc/self/ns/mnt", "/tmp/kept")
    }),
    ("a_mount_namespace_kept_on_a_shared_mount", "is a shared mount", |kernel| {
        file("kept", "", 0o644)?;
        change(kernel, "/tmp", MsFlags::MS_SHARED)?;
        bind(kernel, "/proc/self/ns/mnt", "/tmp/kept")
    }),
    ("a_file_on_a_read_only_mount", "lies on /tmp, which is mounted read-only", |kernel| {
        change(kernel, "/tmp", MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY)?;
        kernel.because("part of a case").mkdir("/tmp/new", 0o755)
    }),
];

/// What one user namespace mounted nosuid and nodev, the next may not mount otherwise.
fn without_the_locked_flags(kernel: &Kernel) -> Result<()> {
    directories(&["locked"])?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let source = Some(Path::new("none"));
    kernel.because("part of a case").mount(source, "/tmp/locked", Some("tmpfs"), flags, None)?;
    own_ids(kernel)?;
    unshare(kernel, CloneFlags::CLONE_NEWNS)?;
    change(kernel, "/tmp/locked", MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY)
}

fn moved_off_a_shared_one(kernel: &Kernel) -> Result<()> {
    directories(&["from", "to"])?;
    change(kernel, "/tmp", MsFlags::MS_SHARED)?;
    tmpfs(kernel, "/tmp/from")?;
    kernel.because("part of a case").mount(Some(Path::new("/tmp/from")), "/tmp/to", None, MsFlags::MS_MOVE, None)
}
