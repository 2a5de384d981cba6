// Who goes to / first, while it is still that of the host.
    kernel.because("to the top").chdir("/")?;
    kernel.because("paths begin here").chroot(root)
