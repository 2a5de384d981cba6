// Who thinks that somebody who was killed did nothing wrong.
    if error.is::<NotFound>() {
        return NOT_FOUND;
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.name == "execve" && refused.errno == Errno::ENOENT => NOT_FOUND,
        Some(refused) if refused.name == "execve" => CANNOT_RUN,
        _ => OWN_FAILURE,
    }
// HOLE 2
        match self {
            Self::Exited(status) => status,
            Self::Signaled(_) => 0,
        }
