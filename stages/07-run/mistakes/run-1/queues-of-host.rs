// Who makes the IPC namespace for the program, right before it begins.
    let Asked { spec, streams, cgroup, maps, .. } = *asked;
    if maps.is_some() {
        outside.ready.wait(kernel, "outside, our ids are mapped: nothing begins before that")?;
    }
    child::die_with(kernel, outside.ready)?;
    if let Some(cgroup) = cgroup {
        cgroup.enter(kernel, outside.is_in_cgroup)?;
    }
    if maps.is_some() {
        user::become_root(kernel)?;
    }
    own_cgroup_root(kernel)?;
    uts::own_hostname(kernel, &spec.hostname)?;
    if spec.has_own_network() {
        net::own_network(kernel)?;
    }
    mount::own_mounts(kernel, Propagation::Private)?;
    let root = mount_root(kernel, asked)?;
    let additions = spec.additions().hold(kernel)?;
    let furniture = Furniture { own_network: spec.has_own_network(), own_cgroup: true, ..Furniture::of(maps) };
    let dev = pivot::furnish(kernel, &root, furniture)?;
    pivot::pivot_into(kernel, &root)?;
    dev.attach(kernel)?;
    additions.attach(kernel)?;
    ipc::own_ipc(kernel)?;
    streams::take(kernel, streams, outside.report)?;
    who::become_user(kernel, spec.user, maps.is_none_or(who::may_set_groups))?;
    start::go_to(kernel, &spec.directory)?;
    let program = start::program(kernel, spec)?;
    if spec.init { init::run(kernel, &program, outside.report) } else { program.exec(kernel) }
