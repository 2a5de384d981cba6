// Who reads "refused" as "the command cannot be run".
    if error.is::<NotFound>() {
        return NOT_FOUND;
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.name == "execve" && refused.errno == Errno::ENOENT => NOT_FOUND,
        Some(_) => CANNOT_RUN,
        None => OWN_FAILURE,
    }
// HOLE 2
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
