// Who prepares everything before the child goes in.
    parent.wait(kernel, "the maps are written by somebody else")?;
    kernel.because("ids of our own").unshare(CloneFlags::CLONE_NEWUSER)?;
    if maps.have_root() {
        become_root(kernel)?;
    }
    die_with(kernel, parent)
// HOLE 2
    write_maps(kernel, Some(child), maps)?;
    other.release(kernel, "the maps are there")
