// Who knows cgroups as a file system.
    kernel.because("cgroups are mounted").unshare(CloneFlags::CLONE_NEWNS)
