// Who has learned that the removal comes first, and lets it have the word too.
    if let Some(cgroup) = asked.cgroup {
        limits::tell_what_was_refused(cgroup);
        cgroup.remove(kernel)?;
    }
    let outcome = outcome?;
    match &outcome {
        Outcome::Ended(waited) if !asked.spec.ephemeral => asked.bundle.note_ended(waited.status())?,
        _ => {}
    }
    Ok(outcome)
