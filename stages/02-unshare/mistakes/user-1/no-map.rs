// Who thinks that whoever makes a user namespace is root in it.
    let _ = maps;
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)
