// Who reads a map from outside to inside.
    let here: &dyn Host = &Here;
    if here.may(Capability::SysChroot) {
        return Ok(());
    }
    let (user, group) = (geteuid(), getegid());
    kernel
        .because("chroot(2) takes CAP_SYS_CHROOT: in a user namespace of their own, ordinary users have it")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    kernel
        .because("whoever gives up the right to drop groups may map their own")
        .write("/proc/self/setgroups", "deny")?;
    kernel
        .because("id 0 inside is you outside: without a map the command would be nobody, and lose the right again")
        .write("/proc/self/uid_map", format!("{user} 0 1\n"))?;
    kernel.because("the same for groups").write("/proc/self/gid_map", format!("{group} 0 1\n"))
