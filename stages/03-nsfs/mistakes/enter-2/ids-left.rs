// Who thinks that whoever enters a user namespace is root in it.
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let drops_groups = may_drop_groups(&pid.to_string());
    let pidfd = take_hold(kernel, pid)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, pidfd.as_ref(), &kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    let _ = (drops_groups, become_root);
    Ok(())
