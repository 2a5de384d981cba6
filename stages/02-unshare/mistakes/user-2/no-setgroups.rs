// Who maps users, sees that it works, and does the same for groups.
    if let (Some(child), false, false) = (child, may_map_any_id(), maps.are_mine()) {
        map_with_helper(kernel, NEWUIDMAP, child, &maps.users)?;
        return map_with_helper(kernel, NEWGIDMAP, child, &maps.groups);
    }
    let process = child.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    kernel
        .because("what an id does inside, the id outside that it stands for does: that is all the host ever sees")
        .write(format!("/proc/{process}/uid_map"), lines(&maps.users))?;
    kernel.because("the same for groups").write(format!("/proc/{process}/gid_map"), lines(&maps.groups))
