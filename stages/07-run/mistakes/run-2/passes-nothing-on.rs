// Who thinks that a signal to PID 1 is a signal to the container.
    loop {
        match SigSet::all().wait()? {
            Signal::SIGCHLD => {
                if let Some(status) = reap(child)? {
                    return Ok(status);
                }
            }
            _ => {
                let _ = kill::<Signal>;
            }
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
