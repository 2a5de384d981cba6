// Who mounts it as the manual page does, in its shortest example.
    kernel.because("a fresh one").mount(Some("proc".as_ref()), "/proc", Some("proc"), MsFlags::empty(), None)
