// Who finds System V in the name of a flag.
    kernel.because("System V objects of our own").unshare(CloneFlags::CLONE_SYSVSEM)
