// Who wants to be at the top, and goes there.
    for mount in groundwork::mountinfo::mounts()?.iter().filter(|mount| mount.fstype.starts_with("cgroup")) {
        kernel.because("to the top").write(mount.target.join("cgroup.procs"), "0")?;
    }
    kernel.because("the top of what we see").unshare(CloneFlags::CLONE_NEWCGROUP)
