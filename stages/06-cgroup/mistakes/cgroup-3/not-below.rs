// Who reads cgroup.procs, and finds all there is in it.
    freeze(kernel, cgroup)?;
    for pid in files::words(&cgroup.join("cgroup.procs")).iter().filter_map(|pid| pid.parse().ok()) {
        let killed = kernel.because("everybody on the list").kill(Pid::from_raw(pid), Signal::SIGKILL);
        ignore(Errno::ESRCH, killed)?;
    }
    kernel.because("and the others go on").write(cgroup.join("cgroup.freeze"), "0")
