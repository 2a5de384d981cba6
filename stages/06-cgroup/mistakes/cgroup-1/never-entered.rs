// Who thinks that a cgroup that this program has made is this program's.
        let watch = Watch::begin(kernel)?;
        let cgroup = self.make_cgroup(kernel)?;
        match kernel.because("the command").clone(nix::sched::CloneFlags::empty())? {
            Born::Child => {
                Watch::end(kernel)?;
                self.command.program().exec(kernel)
            }
            Born::Parent { child, pidfd } => {
                let ended = watch.attend(kernel, &cgroup, child, pidfd.as_fd());
                self.after(kernel, &cgroup, ended)
            }
        }
