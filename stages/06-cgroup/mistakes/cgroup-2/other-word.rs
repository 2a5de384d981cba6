// Who has learned it from a page on version 1.
    kernel.because("nobody inside runs any more").write(cgroup.join("cgroup.freeze"), "FROZEN")?;
    wait_until(cgroup, "frozen", 1)
