// Who has no cable in mind but 127.0.0.1.
    let _ = CloneFlags::CLONE_NEWNET;
    bring_up_loopback(kernel)
