// Who thinks that a new namespace is empty, and its name set later by somebody else.
    let _ = name;
    kernel.because("a namespace of our own").unshare(CloneFlags::CLONE_NEWUTS)
