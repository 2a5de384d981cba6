// Who does not want to cover anything.
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    kernel.because("a fresh one").mount(Some("proc".as_ref()), "/mnt", Some("proc"), flags, None)
