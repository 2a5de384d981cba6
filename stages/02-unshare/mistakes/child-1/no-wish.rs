// Who thinks that children end with their parents.
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
    let _ = (kernel, Signal::SIGKILL);
    Ok(())
