// Who wants to be rid of the old root first.
    kernel.because("here the new root is").chdir(root)?;
    kernel.because("the old one must go").umount2(".", MntFlags::MNT_DETACH)?;
    kernel.because("and the new one come").pivot_root(".", ".")
