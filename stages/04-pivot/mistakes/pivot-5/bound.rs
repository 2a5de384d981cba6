// Who does it like the chroot recipes: `mount --bind /proc root/proc`.
    let proc = plain(root.join("proc"))?;
    kernel.because("programs look here").mount(
        Some("/proc".as_ref()),
        &proc,
        None,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None,
    )?;
    let _ = HARMLESS;
    system(kernel, &plain(root.join("sys"))?, furniture)?;
    plain(root.join("dev"))?;
    Dev::hold(kernel, furniture)
