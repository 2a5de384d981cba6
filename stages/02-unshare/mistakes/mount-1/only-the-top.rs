// Who forgets that each mount has a propagation of its own.
    let _ = propagation;
    kernel.because("a list of our own").unshare(CloneFlags::CLONE_NEWNS)?;
    kernel.because("nothing shall leak").mount(None, "/", None, MsFlags::MS_PRIVATE, None)
