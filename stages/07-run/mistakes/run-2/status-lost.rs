// Who wants to know that it has ended, and not how.
    loop {
        match SigSet::all().wait()? {
            Signal::SIGCHLD => {
                if reap(child)?.is_some() {
                    return Ok(0);
                }
            }
            // The child may be gone already; its SIGCHLD is on its way.
            signal => drop(kill(child, signal)),
        }
    }
// HOLE 2
    let mut status = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == program => status = Some(code as u8),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == program => status = Some(128 + signal as u8),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(status),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
