// Who wants to give the command time to tidy up, and forgets what PID 1 is.
    let (outer, inner) = Handshake::pair()?;
    match kernel.because(reason).fork()? {
        ForkResult::Child => {
            drop(outer);
            quietly(die_with(kernel, &inner).and_then(|()| inside()))
        }
        ForkResult::Parent { child } => {
            drop(inner);
            wait_outside(kernel, child)
        }
    }
// HOLE 2
    kernel.because("if the parent is killed, nobody would clean up after us").prctl_set_pdeathsig(Signal::SIGTERM)
