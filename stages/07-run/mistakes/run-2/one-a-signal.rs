// Who counts one SIGCHLD for one child.
    loop {
        match SigSet::all().wait()? {
            Signal::SIGCHLD => {
                if let Some(status) = reap(child)? {
                    return Ok(status);
                }
            }
            // The child may be gone already; its SIGCHLD is on its way.
            signal => drop(kill(child, signal)),
        }
    }
// HOLE 2
    match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::Exited(pid, code)) if pid == program => Ok(Some(code as u8)),
        Ok(WaitStatus::Signaled(pid, signal, _)) if pid == program => Ok(Some(128 + signal as u8)),
        Ok(_) | Err(Errno::ECHILD | Errno::EINTR) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
