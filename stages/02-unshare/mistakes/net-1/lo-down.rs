// Who thinks that a device that is there can be used.
    kernel.because("a network of our own").unshare(CloneFlags::CLONE_NEWNET)
