// Who thinks that an id is all that one is.
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let _ = may_drop_groups;
    let pidfd = take_hold(kernel, pid)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, pidfd.as_ref(), &kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, false) } else { Ok(()) }
