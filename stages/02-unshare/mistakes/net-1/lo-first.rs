// Who prepares everything before going in.
    bring_up_loopback(kernel)?;
    kernel.because("a network of our own").unshare(CloneFlags::CLONE_NEWNET)
