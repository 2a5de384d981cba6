// Who knows that children begin where their parent is, and goes in first.
        let watch = Watch::begin(kernel)?;
        let cgroup = self.make_cgroup(kernel)?;
        cgroup.enter(kernel, false)?;
        match kernel.because("the command, in the same cgroup").clone(nix::sched::CloneFlags::empty())? {
            Born::Child => {
                Watch::end(kernel)?;
                self.command.program().exec(kernel)
            }
            Born::Parent { child, pidfd } => {
                let ended = watch.attend(kernel, &cgroup, child, pidfd.as_fd());
                self.after(kernel, &cgroup, ended)
            }
        }
