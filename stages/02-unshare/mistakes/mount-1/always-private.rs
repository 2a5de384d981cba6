// Who has learnt that nothing must leak, and takes the parameter for an ornament.
    let _ = propagation;
    kernel.because("a list of our own").unshare(CloneFlags::CLONE_NEWNS)?;
    set_propagation(kernel, Propagation::Private, "/".as_ref())
