// Who moves the working directory into the new root too, as one should in any other program.
    let made = kernel.because("any directory will do, and a new one is no one else's").mkdir(STEP, 0o700);
    let step = if made.is_ok() { PathBuf::from(STEP) } else { some_directory()? };
    let entered = kernel
        .because("the root moves down, and the working directory does not: it is above the root now, where .. is free")
        .chroot(&step);
    if made.is_ok() {
        kernel.because("a root needs no name: nothing is left behind").rmdir(STEP)?;
    }
    entered?;
    kernel.because("and into it").chdir("/")
// HOLE 2
    loop {
        kernel.because("nothing stops this any more; at the very top, .. is the top itself").chdir(UP)?;
        if kernel.is_rehearsing() || Root::of(".")? == Root::of("..")? {
            return Ok(());
        }
    }
