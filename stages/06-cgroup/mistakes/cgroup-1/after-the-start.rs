// Who does it as by hand: start the program, then write its PID into the file.
        let watch = Watch::begin(kernel)?;
        let cgroup = self.make_cgroup(kernel)?;
        match kernel.because("the command").clone(nix::sched::CloneFlags::empty())? {
            Born::Child => {
                Watch::end(kernel)?;
                self.command.program().exec(kernel)
            }
            Born::Parent { child, pidfd } => {
                // It may have ended already.
                let _ = cgroup.join(kernel, child);
                let ended = watch.attend(kernel, &cgroup, child, pidfd.as_fd());
                self.after(kernel, &cgroup, ended)
            }
        }
