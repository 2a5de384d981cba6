// Who comes from stage 01, and finds that it looks the same from inside.
    let _ = MntFlags::MNT_DETACH;
    kernel.because("here the new root is").chdir(root)?;
    kernel.because("paths begin here").chroot(".")?;
    kernel.because("and no path of ours begins outside").chdir("/")
