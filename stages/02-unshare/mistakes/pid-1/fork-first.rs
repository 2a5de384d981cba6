// Who starts the child first, and lets it go in by itself.
    in_child(kernel, "the one who goes in", || {
        kernel.because("a namespace of our own").unshare(CloneFlags::CLONE_NEWPID)?;
        inside()
    })
