// Who goes up at once, and is stopped at the root as everybody is.
    let _ = (kernel, some_directory, STEP);
    Ok(())
// HOLE 2
    loop {
        kernel.because("nothing stops this any more; at the very top, .. is the top itself").chdir(UP)?;
        if kernel.is_rehearsing() || Root::of(".")? == Root::of("..")? {
            return Ok(());
        }
    }
