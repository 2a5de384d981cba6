// Who knows tmpfs as the mount that is always at hand.
    kernel.because("a mount, as pivot_root asks for").mount(
        Some("tmpfs".as_ref()),
        root,
        Some("tmpfs"),
        MsFlags::empty(),
        None,
    )
