// Who has another root, and thinks that it hides everything.
    let _ = (kernel, CloneFlags::CLONE_NEWIPC);
    Ok(())
