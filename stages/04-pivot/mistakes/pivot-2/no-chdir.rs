// Who copied the two calls with the dots from the man page, and not the one before them.
    let _ = root;
    kernel.because("the old root on top of the new one").pivot_root(".", ".")?;
    kernel.because("and away with it").umount2(".", MntFlags::MNT_DETACH)
