// Who tried it with one name only, the default of the command line.
    let _ = name;
    kernel.because("a namespace of our own").unshare(CloneFlags::CLONE_NEWUTS)?;
    kernel.because("what boxes are called here").sethostname("box")
