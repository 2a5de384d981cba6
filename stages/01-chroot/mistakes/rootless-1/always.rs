// Who thinks that a user namespace can do no harm.
    let (user, group) = (geteuid(), getegid());
    kernel
        .because("chroot(2) takes CAP_SYS_CHROOT: in a user namespace of their own, ordinary users have it")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    kernel
        .because("whoever gives up the right to drop groups may map their own")
        .write("/proc/self/setgroups", "deny")?;
    kernel
        .because("id 0 inside is you outside: without a map the command would be nobody, and lose the right again")
        .write("/proc/self/uid_map", format!("0 {user} 1\n"))?;
    kernel.because("the same for groups").write("/proc/self/gid_map", format!("0 {group} 1\n"))
