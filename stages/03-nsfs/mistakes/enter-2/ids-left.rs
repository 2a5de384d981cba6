// Who thinks that whoever enters a user namespace is root in it.
    let drops_groups = may_drop_groups(&pid.to_string());
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, held, kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    let _ = (drops_groups, become_root);
    Ok(())
