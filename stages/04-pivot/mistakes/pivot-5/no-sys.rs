// Who never misses it: a shell and ps do not.
    let _ = system;
    kernel.because("a new one for this namespace").mount(
        Some("proc".as_ref()),
        plain(root.join("proc"))?,
        Some("proc"),
        HARMLESS,
        None,
    )?;
    plain(root.join("dev"))?;
    Dev::hold(kernel, furniture)
