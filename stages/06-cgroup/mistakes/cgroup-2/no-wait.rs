// Who has tried it with a shell that was waiting for a key, and saw it frozen every time.
    kernel.because("nobody inside runs any more").write(cgroup.join("cgroup.freeze"), "1")
