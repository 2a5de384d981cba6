// Who tries it as root, and sees id 0 as expected.
    let _ = (kernel, maps, CloneFlags::CLONE_NEWUSER);
    Ok(())
