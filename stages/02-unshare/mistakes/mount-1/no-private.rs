// Who takes a copy for something that has nothing to do with the original.
    let _ = propagation;
    kernel.because("a list of our own").unshare(CloneFlags::CLONE_NEWNS)
