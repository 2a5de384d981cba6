// Who opens the door, and thinks that this is going in.
    let drops_groups = may_drop_groups(&pid.to_string());
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    let _ = (held, enter_at_once);
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
