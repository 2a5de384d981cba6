// Who thinks that a mount namespace has one root, and everybody in it shares that.
    let drops_groups = may_drop_groups(&pid.to_string());
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, held, kinds)?;
    if let Some(root) = root.filter(|_| kernel.is_rehearsing()) {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
