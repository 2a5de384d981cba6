// Who knows `mount -o remount,ro /` from rescuing a disk.
    let _ = (is_unknown, remount);
    kernel.because("the root, read-only").mount(None, path, None, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, None)
