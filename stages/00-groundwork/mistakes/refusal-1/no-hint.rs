// Who thinks that the errno says enough.
    let _ = (host, program);
    None
