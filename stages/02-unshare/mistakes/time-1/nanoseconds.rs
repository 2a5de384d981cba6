// Who writes one number more, and takes the first for the unit.
    kernel
        .because("a clock may not jump under a running process: the next child will be the first one inside")
        .unshare(Namespace::Time.flag())?;
    let content = format!("monotonic 0 {}\nboottime 0 {}\n", offsets.monotonic, offsets.boottime);
    kernel
        .because("offsets can be set only while nobody is inside")
        .write("/proc/self/timens_offsets", content)
        .or_else(|error| explain_range(error, offsets))
