// Who relies on the permissions of the files, which belong to root.
    let _ = (kernel, path, is_unknown, remount);
    Ok(())
