// Who opens things where they are needed.
    let drops_groups = may_drop_groups(&pid.to_string());
    enter_at_once(kernel, pid, held, kinds)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
