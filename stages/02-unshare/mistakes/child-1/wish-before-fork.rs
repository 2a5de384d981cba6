// Who thinks that a wish is inherited.
    let (outer, inner) = Handshake::pair()?;
    die_with_parent(kernel)?;
    match kernel.because(reason).fork()? {
        ForkResult::Child => {
            drop(outer);
            let _ = &inner;
            quietly(inside())
        }
        ForkResult::Parent { child } => {
            drop(inner);
            wait_outside(kernel, child)
        }
    }
// HOLE 2
    kernel.because("if the parent is killed, nobody would clean up after us").prctl_set_pdeathsig(Signal::SIGKILL)
