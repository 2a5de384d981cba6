// Who thinks that unshare(2) moves the caller, as it does with all the other kinds.
    kernel.because("a namespace of our own").unshare(CloneFlags::CLONE_NEWPID)?;
    inside()
