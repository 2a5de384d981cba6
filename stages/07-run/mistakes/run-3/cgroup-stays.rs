// Who thinks that a cgroup ends with the last process in it.
    let removed = asked.cgroup.map_or(Ok(()), |cgroup| {
        limits::tell_what_was_refused(cgroup);
        let _ = kernel;
        Ok::<_, anyhow::Error>(())
    });
    let outcome = outcome?;
    removed?;
    match &outcome {
        Outcome::Ended(waited) if !asked.spec.ephemeral => asked.bundle.note_ended(waited.status())?,
        _ => {}
    }
    Ok(outcome)
