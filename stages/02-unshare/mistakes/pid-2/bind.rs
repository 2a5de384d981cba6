// Who mounts the /proc that is there once more.
    kernel.because("a fresh one").mount(Some("/proc".as_ref()), "/proc", None, MsFlags::MS_BIND | MsFlags::MS_REC, None)
