// Who has only ever seen `0 1000 1`.
    let _ = maps;
    let me = Maps::only_me();
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)?;
    write_maps(kernel, None, &me)
