// Who has one status for all errors.
    let _ = (error.is::<NotFound>(), NOT_FOUND, CANNOT_RUN, Errno::ENOENT);
    OWN_FAILURE
// HOLE 2
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
