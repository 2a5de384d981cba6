// Who thinks of the name as something to be carried into the new namespace.
    kernel.because("the name to take along").sethostname(name)?;
    kernel.because("a copy of the name").unshare(CloneFlags::CLONE_NEWUTS)
