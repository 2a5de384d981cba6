// Who wants the file to stay, and says so where it is made.
    let place = Place::find(file, cover)?;
    let asked = identity(kernel, pid, kind)?;
    let undisturbed = Uninterrupted::begin(kernel)?;
    let made = if place.exists { None } else { Some(MountPoint::make(kernel, &place.path)?) };
    std::mem::forget(made);
    let bed = if kind == Namespace::Mount && place.is_shared { Some(private_bed(kernel, &place.path)?) } else { None };
    let kept = bind(
        kernel,
        "the mount refers to the namespace as a process does: while it is there, the namespace lives",
        &link(pid, kind),
        &place.path,
    )
    .hint_with(|error| why_not(error, asked))?;
    check(kernel, asked, &place.path)?;
    if undisturbed.was_interrupted() {
        bail!("interrupted; {} keeps nothing", place.path.display());
    }
    // Here the guards end their watch: what they guard shall stay.
    std::mem::forget((kept, bed));
    Ok(Kept { path: place.path, identity: asked })
