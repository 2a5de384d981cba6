// Who thinks that namespaces are independent of each other.
    let _ = (lacks_rights, &mut files);
    files
