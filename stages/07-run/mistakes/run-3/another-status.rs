// Who notes that it is over, and takes 0 for that.
    let removed = asked.cgroup.map_or(Ok(()), |cgroup| {
        limits::tell_what_was_refused(cgroup);
        cgroup.remove(kernel)
    });
    let outcome = outcome?;
    removed?;
    match &outcome {
        Outcome::Ended(waited) if !asked.spec.ephemeral => asked.bundle.note_ended(u8::from(waited.status() == 0))?,
        _ => {}
    }
    Ok(outcome)
