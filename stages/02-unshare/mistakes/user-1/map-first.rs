// Who lays out the maps before going in.
    write_maps(kernel, None, maps)?;
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)
