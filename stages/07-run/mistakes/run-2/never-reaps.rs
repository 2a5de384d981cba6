// Who waits for the one child that it has.
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
    let mut status = None;
    loop {
        match waitpid(program, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == program => status = Some(code as u8),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == program => status = Some(128 + signal as u8),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(status),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
