// Who thinks that only a search can fail to find something.
    if error.is::<NotFound>() {
        return NOT_FOUND;
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.name == "execve" => CANNOT_RUN,
        _ => OWN_FAILURE,
    }
// HOLE 2
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
