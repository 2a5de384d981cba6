// Who thinks that the working directory moves with the root.
    kernel.because("paths begin here").chroot(root)
