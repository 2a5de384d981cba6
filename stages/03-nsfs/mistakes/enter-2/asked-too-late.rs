// Who asks where the answer is needed.
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, held, kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    let drops_groups = may_drop_groups(&pid.to_string());
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
