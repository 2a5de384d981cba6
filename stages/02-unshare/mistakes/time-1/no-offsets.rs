// Who thinks that a namespace is all it takes.
    let _ = (offsets, explain_range);
    kernel
        .because("a clock may not jump under a running process: the next child will be the first one inside")
        .unshare(Namespace::Time.flag())
