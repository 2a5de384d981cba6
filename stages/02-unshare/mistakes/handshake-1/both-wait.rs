// Who lets each side listen before it speaks.
    kernel
        .because("the new namespace has no ids yet: until they are mapped, this process is nobody")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    parent.wait(kernel, "an id that is not mapped can do nothing")?;
    parent.release(kernel, "the namespace is there, and has its maps")?;
    if maps.have_root() {
        become_root(kernel)?;
    }
    // Last: a change of ids would take the wish back.
    die_with(kernel, parent)
// HOLE 2
    other.wait(kernel, "there is nothing to map before the child has its namespace")?;
    write_maps(kernel, Some(child), maps)?;
    other.release(kernel, "the ids are mapped: the child can take one")
