// Who thinks that limits are all that a cgroup is.
    let _ = (kernel, CloneFlags::CLONE_NEWCGROUP);
    Ok(())
