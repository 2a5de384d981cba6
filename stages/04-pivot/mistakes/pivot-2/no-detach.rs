// Who thinks that a new root replaces the old one.
    let _ = MntFlags::MNT_DETACH;
    kernel.because("here the new root is").chdir(root)?;
    kernel.because("and here the old one goes").pivot_root(".", ".")
