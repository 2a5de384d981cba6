// Who thinks that a directory is good enough, because chroot(2) takes one.
    let _ = (kernel, root, MsFlags::MS_BIND);
    Ok(())
