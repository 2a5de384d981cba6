// Who thinks that private mounts are one's own.
    let _ = CloneFlags::CLONE_NEWNS;
    set_propagation(kernel, propagation, "/".as_ref())
