// Who lets the child do it, since it is root in there.
    let _ = maps.have_root();
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)?;
    write_maps(kernel, None, maps)?;
    become_root(kernel)?;
    parent.release(kernel, "the maps are written")?;
    die_with(kernel, parent)
// HOLE 2
    let _ = (maps, child);
    other.wait(kernel, "the child maps itself")
