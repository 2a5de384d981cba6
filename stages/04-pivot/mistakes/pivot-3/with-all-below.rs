// Who thinks that a read-only root is a read-only tree.
    let done = kernel.because("nobody writes here").mount_setattr_rdonly(path, true);
    if is_unknown(&done) { remount(kernel, path) } else { done }
