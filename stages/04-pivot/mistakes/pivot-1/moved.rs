// Who reads that pivot_root(2) moves mounts, and moves.
    kernel.because("to be moved").mount(Some(root), root, None, MsFlags::MS_MOVE, None)
