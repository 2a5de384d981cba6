// Who wants to give the programs time to clean up.
    freeze(kernel, cgroup)?;
    for pid in processes(cgroup) {
        let told = kernel.because("so that it can clean up").kill(pid, Signal::SIGTERM);
        ignore(Errno::ESRCH, told)?;
    }
    kernel.because("and now they hear it").write(cgroup.join("cgroup.freeze"), "0")
