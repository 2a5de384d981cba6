// Who opens the door, and thinks that this is going in.
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let drops_groups = may_drop_groups(&pid.to_string());
    let pidfd = take_hold(kernel, pid)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    let _ = (pidfd, enter_at_once);
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
