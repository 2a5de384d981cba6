// Who mounts /proc as one does by hand, where mount(8) adds the flags.
    kernel.because("a new one for this namespace").mount(
        Some("proc".as_ref()),
        plain(root.join("proc"))?,
        Some("proc"),
        MsFlags::empty(),
        None,
    )?;
    system(kernel, &plain(root.join("sys"))?, furniture)?;
    plain(root.join("dev"))?;
    Dev::hold(kernel, furniture)
