// Who takes the id first, and waits then.
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)?;
    if maps.have_root() {
        become_root(kernel)?;
    }
    parent.release(kernel, "the namespace is there")?;
    parent.wait(kernel, "until it has its maps")?;
    die_with(kernel, parent)
// HOLE 2
    other.wait(kernel, "there is nothing to map before the child has its namespace")?;
    write_maps(kernel, Some(child), maps)?;
    other.release(kernel, "the ids are mapped: the child can take one")
