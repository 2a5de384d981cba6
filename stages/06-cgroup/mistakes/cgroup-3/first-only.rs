// Who thinks of PID 1 in a PID namespace, with which all others go.
    for pid in processes(cgroup).into_iter().take(1) {
        let killed = kernel.because("the first one, and with it all others").kill(pid, Signal::SIGKILL);
        ignore(Errno::ESRCH, killed)?;
    }
    Ok(())
