// Who knows shared memory as files in /dev/shm.
    kernel.because("shared memory lies in /dev/shm").unshare(CloneFlags::CLONE_NEWNS)
