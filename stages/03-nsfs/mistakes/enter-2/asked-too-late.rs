// Who asks where the answer is needed.
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let pidfd = take_hold(kernel, pid)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, pidfd.as_ref(), &kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    let drops_groups = may_drop_groups(&pid.to_string());
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
