// Who is root wherever they try it, and may write everywhere.
    let _ = some_directory;
    kernel.because("any directory will do, and a new one is no one else's").mkdir(STEP, 0o700)?;
    kernel
        .because("the root moves down, and the working directory does not: it is above the root now, where .. is free")
        .chroot(STEP)?;
    kernel.because("a root needs no name: nothing is left behind").rmdir(STEP)
// HOLE 2
    loop {
        kernel.because("nothing stops this any more; at the very top, .. is the top itself").chdir(UP)?;
        if kernel.is_rehearsing() || Root::of(".")? == Root::of("..")? {
            return Ok(());
        }
    }
