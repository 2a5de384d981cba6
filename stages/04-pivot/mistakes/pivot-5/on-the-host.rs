// Who thinks that the namespace is what is being furnished, and not the root.
    kernel.because("a new one for this namespace").mount(
        Some("proc".as_ref()),
        "/proc",
        Some("proc"),
        HARMLESS,
        None,
    )?;
    system(kernel, &plain(root.join("sys"))?, furniture)?;
    plain(root.join("dev"))?;
    Dev::hold(kernel, furniture)
