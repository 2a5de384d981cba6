// Who still calls the root by the name that it had outside.
    kernel.because("paths begin here").chroot(root)?;
    kernel.because("and so do we").chdir(root)
