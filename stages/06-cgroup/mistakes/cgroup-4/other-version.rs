// Who has the table of the other version at hand.
    limit_memory(kernel, cgroup, limits)?;
    if let Some(share) = limits.cpus {
        kernel
            .because(
                "microseconds of CPU time in each period, all processes and CPUs together; then they wait for the next",
            )
            .write(cgroup.join("cpu.max"), quota(share).to_string())?;
    }
    if let Some(cpus) = &limits.cpuset {
        kernel
            .because("the scheduler places these processes on no other CPU, whatever they ask for")
            .write(cgroup.join("cpuset.cpus"), cpus)?;
    }
    if let Some(number) = limits.pids {
        kernel
            .because("at this many processes and threads fork(2) answers EAGAIN, and a fork bomb stays small")
            .write(cgroup.join("pids.max"), number.to_string())?;
    }
    limit_io(kernel, cgroup, limits)
// HOLE 2
    if let Some(bytes) = limits.memory {
        kernel
            .because("above this many bytes the kernel takes memory back, and kills when there is none to take")
            .write(cgroup.join("memory.limit_in_bytes"), bytes.to_string())?;
    }
    if let Some(bytes) = limits.swap {
        kernel
            .because("memory that is swapped out is not counted as memory: swap has a wall of its own")
            .write(cgroup.join("memory.swap.max"), bytes.to_string())
            .hint_with(no_swap_account)?;
    }
    if limits.oom_group {
        kernel
            .because("half a program is seldom a working program: when one process is killed, the others go with it")
            .write(cgroup.join("memory.oom.group"), "1")?;
    }
    if let Some(share) = limits.cpus {
        kernel
            .because(
                "microseconds of CPU time in each period, all processes and CPUs together; then they wait for the next",
            )
            .write(cgroup.join("cpu.max"), cpu_max(share))?;
    }
    if let Some(cpus) = &limits.cpuset {
        kernel
            .because("the scheduler places these processes on no other CPU, whatever they ask for")
            .write(cgroup.join("cpuset.cpus"), cpus)?;
    }
    if let Some(number) = limits.pids {
        kernel
            .because("at this many processes and threads fork(2) answers EAGAIN, and a fork bomb stays small")
            .write(cgroup.join("pids.max"), number.to_string())?;
    }
    limit_io(kernel, cgroup, limits)
