// Who gives the status to whoever waits, and thinks of nobody who comes later.
    let removed = asked.cgroup.map_or(Ok(()), |cgroup| {
        limits::tell_what_was_refused(cgroup);
        cgroup.remove(kernel)
    });
    let outcome = outcome?;
    removed?;
    Ok(outcome)
