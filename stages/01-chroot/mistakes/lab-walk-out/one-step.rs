// Who thinks that a root is one folder below the top.
    let made = kernel.because("any directory will do, and a new one is no one else's").mkdir(STEP, 0o700);
    let step = if made.is_ok() { PathBuf::from(STEP) } else { some_directory()? };
    let entered = kernel
        .because("the root moves down, and the working directory does not: it is above the root now, where .. is free")
        .chroot(&step);
    if made.is_ok() {
        kernel.because("a root needs no name: nothing is left behind").rmdir(STEP)?;
    }
    entered
// HOLE 2
    let _ = UP;
    kernel.because("one up").chdir("..")
