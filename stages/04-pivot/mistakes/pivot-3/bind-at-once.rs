// Who expects of mount(2) that it does what its flags say, all of them.
    let _ = (is_unknown, remount);
    kernel
        .because("the root once more, read-only")
        .mount(Some(path), path, None, MsFlags::MS_BIND | MsFlags::MS_RDONLY, None)
