// Who asks for the end first, as one does elsewhere.
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)?;
    die_with(kernel, parent)?;
    parent.release(kernel, "the namespace is there, and can be given its maps")?;
    parent.wait(kernel, "an id that is not mapped can do nothing")?;
    if maps.have_root() {
        become_root(kernel)?;
    }
    Ok(())
// HOLE 2
    other.wait(kernel, "there is nothing to map before the child has its namespace")?;
    write_maps(kernel, Some(child), maps)?;
    other.release(kernel, "the ids are mapped: the child can take one")
