// Who knows Ctrl-Z.
    for pid in processes(cgroup) {
        let stopped = kernel.because("it runs no more").kill(pid, Signal::SIGSTOP);
        ignore(Errno::ESRCH, stopped)?;
    }
    Ok(())
