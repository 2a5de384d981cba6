// Who thinks that whoever stays outside has every right there.
    if let (Some(child), false, false) = (child, may_map_any_id(), maps.are_mine()) {
        map_with_helper(kernel, NEWUIDMAP, child, &maps.users)?;
        return map_with_helper(kernel, NEWGIDMAP, child, &maps.groups);
    }
    let process = child.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    // A process that has unshared has no rights outside any more, whoever it was.
    if child.is_none() {
        kernel
            .because("a group can also take rights away: who could drop groups at will could walk past such a file")
            .write(format!("/proc/{process}/setgroups"), "deny")?;
    }
    kernel
        .because("what an id does inside, the id outside that it stands for does: that is all the host ever sees")
        .write(format!("/proc/{process}/uid_map"), lines(&maps.users))?;
    kernel.because("the same for groups").write(format!("/proc/{process}/gid_map"), lines(&maps.groups))
