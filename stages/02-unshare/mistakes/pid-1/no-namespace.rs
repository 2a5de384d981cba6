// Who thinks that a child is enough.
    let _ = CloneFlags::CLONE_NEWPID;
    in_child(kernel, "the one who goes in", inside)
