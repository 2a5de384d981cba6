// Who writes a list of lines as lists are written: one after the other.
    if let (Some(child), false, false) = (child, may_map_any_id(), maps.are_mine()) {
        map_with_helper(kernel, NEWUIDMAP, child, &maps.users)?;
        return map_with_helper(kernel, NEWGIDMAP, child, &maps.groups);
    }
    let process = child.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    // A process that has unshared has no rights outside any more, whoever it was.
    if child.is_none() || !may_map_any_id() {
        kernel
            .because("a group can also take rights away: who could drop groups at will could walk past such a file")
            .write(format!("/proc/{process}/setgroups"), "deny")?;
    }
    for range in &maps.users {
        kernel.because("one more range").write(format!("/proc/{process}/uid_map"), format!("{range}\n"))?;
    }
    kernel.because("the same for groups").write(format!("/proc/{process}/gid_map"), lines(&maps.groups))
