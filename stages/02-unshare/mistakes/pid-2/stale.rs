// Who thinks that /proc shows the namespace of whoever looks.
    let _ = (kernel, MsFlags::empty());
    Ok(())
