// Who takes the mount namespace, CLONE_NEWNS, for the namespace.
    kernel.because("a namespace of our own").unshare(CloneFlags::CLONE_NEWNS)?;
    kernel.because("the name that was asked for").sethostname(name)
