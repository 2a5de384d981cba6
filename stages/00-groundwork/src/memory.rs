//! The memory of a process that stays.

/// Gives back to the kernel what was allocated once and is free now: malloc_trim(3). For a process that has little left to
/// do, and a long time to do it. Where the C library is not GNU's, nothing happens.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "malloc_trim(3) has no safe form; watched by a_parent_that_stays_is_small")]
        // SAFETY: it takes a number, and touches no memory but what is free.
        let _ = unsafe { nix::libc::malloc_trim(0) };
    }
}
