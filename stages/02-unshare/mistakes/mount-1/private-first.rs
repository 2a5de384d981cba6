// Who wants to be safe before going in.
    set_propagation(kernel, propagation, "/".as_ref())?;
    kernel.because("a list of our own").unshare(CloneFlags::CLONE_NEWNS)
