// Who knows the two numbers, and not which is which.
    if error.is::<NotFound>() {
        return CANNOT_RUN;
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.name == "execve" && refused.errno == Errno::ENOENT => CANNOT_RUN,
        Some(refused) if refused.name == "execve" => NOT_FOUND,
        _ => OWN_FAILURE,
    }
// HOLE 2
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
