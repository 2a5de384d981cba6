// Who is out, and does not look back.
    let made = kernel.because("any directory will do, and a new one is no one else's").mkdir(STEP, 0o700);
    let step = if made.is_ok() { PathBuf::from(STEP) } else { some_directory()? };
    let entered = kernel
        .because("the root moves down, and the working directory does not: it is above the root now, where .. is free")
        .chroot(&step);
    entered
// HOLE 2
    loop {
        kernel.because("nothing stops this any more; at the very top, .. is the top itself").chdir(UP)?;
        if kernel.is_rehearsing() || Root::of(".")? == Root::of("..")? {
            return Ok(());
        }
    }
