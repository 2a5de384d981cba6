// Who thinks that children end with their parents.
    if is_in(Namespace::User) {
        user::write_maps(kernel, Some(child), &Maps::only_me())?;
    }
    ready.release(kernel, "all that only the parent can do is done")
// HOLE 2
    ready.wait(kernel, "what only the parent can do comes first: an id that is not mapped may do nothing")?;
    if is_in(Namespace::User) {
        user::become_root(kernel)?;
    }
    let _ = die_with;
    if is_in(Namespace::Mount) {
        set_propagation(kernel, Propagation::Private, "/".as_ref())?;
    }
    if is_in(Namespace::Mount) && is_in(Namespace::Pid) {
        pid::own_proc(kernel)?;
    }
    if is_in(Namespace::Net) {
        net::bring_up_loopback(kernel)?;
    }
    Ok(())
