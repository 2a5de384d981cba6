//! Ids that cannot be had.

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Uid};

use crate::{Case, tmpfs, unshare};

pub(crate) const CASES: &[Case] = &[
    ("a_map_that_is_none", "INSIDE OUTSIDE COUNT", |kernel| in_a_new_one(kernel, "uid_map", "root")),
    ("a_map_of_nothing", "maps nothing", |kernel| in_a_new_one(kernel, "uid_map", "0 0 0")),
    ("a_map_that_overlaps", "same id inside", |kernel| in_a_new_one(kernel, "uid_map", "0 0 2\n1 5 2\n")),
    ("a_map_of_many_lines", "at most 340 lines", |kernel| {
        let lines: String = (0..341).map(|id| format!("{id} {id} 1\n")).collect();
        in_a_new_one(kernel, "uid_map", &lines)
    }),
    ("a_map_written_twice", "is written already", |kernel| {
        kernel.because("part of a case").write("/proc/self/uid_map", "0 0 1")
    }),
    ("a_map_of_more_than_oneself", "newuidmap(1)", |kernel| in_a_new_one(kernel, "uid_map", "0 0 65536")),
    ("a_map_of_somebody_else", "one's own user id", |kernel| in_a_new_one(kernel, "uid_map", "0 7 1")),
    ("setgroups_after_gid_map", "write it before gid_map", |kernel| {
        kernel.because("part of a case").write("/proc/self/setgroups", "allow")
    }),
    ("groups_that_were_given_up", "has given up setgroups(2)", |kernel| {
        kernel.because("part of a case").setgroups(&[Gid::from_raw(0)])
    }),
    ("a_user_that_is_not_mapped", "user 5 is not mapped", |kernel| {
        kernel.because("part of a case").setresuid(Uid::from_raw(5))
    }),
    ("a_group_that_is_not_mapped", "newgidmap(1)", |kernel| {
        kernel.because("part of a case").setresgid(Gid::from_raw(5))
    }),
    ("an_owner_that_is_not_mapped", "that owner is not mapped", |kernel| {
        kernel.because("part of a case").lchown("/tmp", 5, 5)
    }),
    ("a_file_of_nobodys", "cannot own a file", |kernel| {
        unshare(kernel, CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
        tmpfs(kernel, "/tmp")?;
        kernel.because("part of a case").mkdir("/tmp/new", 0o755)
    }),
    ("a_device_in_a_user_namespace", "bind the host's device", |kernel| {
        kernel.because("part of a case").mknod("/tmp/null", 0o666, 1, 3)
    }),
    ("a_leader_that_leaves", "fork(2), and let the child call setsid(2)", |kernel| {
        nix::unistd::setpgid(nix::unistd::Pid::from_raw(0), nix::unistd::Pid::from_raw(0))?;
        kernel.because("part of a case").setsid().map(drop)
    }),
];

/// These begin outside: what one user namespace has given up, the next inside it has never had.
pub(crate) const OUTSIDE: &[Case] = &[("a_gid_map_before_setgroups_is_denied", "write `deny`", |kernel| {
    let map = format!("0 {} 1", nix::unistd::getegid());
    in_a_new_one(kernel, "gid_map", &map)
})];

/// Writes a file of a user namespace inside the one that the case begins in.
fn in_a_new_one(kernel: &Kernel, file: &str, content: &str) -> Result<()> {
    unshare(kernel, CloneFlags::CLONE_NEWUSER)?;
    kernel.because("part of a case").write(format!("/proc/self/{file}"), content)
}
