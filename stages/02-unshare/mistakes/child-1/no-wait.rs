// Who has started the command, and thinks that this is all.
    let (outer, inner) = Handshake::pair()?;
    match kernel.because(reason).fork()? {
        ForkResult::Child => {
            drop(outer);
            quietly(die_with(kernel, &inner).and_then(|()| inside()))
        }
        ForkResult::Parent { child } => {
            drop(inner);
            let _ = child;
            Ok(ExitCode::SUCCESS)
        }
    }
// HOLE 2
    kernel.because("if the parent is killed, nobody would clean up after us").prctl_set_pdeathsig(Signal::SIGKILL)
