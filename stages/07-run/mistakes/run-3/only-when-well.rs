// Who cleans up after looking at what happened.
    let outcome = outcome?;
    if let Outcome::Ended(waited) = &outcome {
        if let Some(cgroup) = asked.cgroup {
            limits::tell_what_was_refused(cgroup);
            cgroup.remove(kernel)?;
        }
        if !asked.spec.ephemeral {
            asked.bundle.note_ended(waited.status())?;
        }
    }
    Ok(outcome)
