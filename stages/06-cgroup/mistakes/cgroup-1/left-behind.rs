// Who thinks that a cgroup ends with the last process in it, as a namespace does.
        let watch = Watch::begin(kernel)?;
        let cgroup = self.make_cgroup(kernel)?;
        let Birth { born, is_inside } = cgroup.birth(kernel)?;
        match born {
            Born::Child => self.inside(kernel, &cgroup, is_inside),
            Born::Parent { child, pidfd } => {
                watch.attend(kernel, &cgroup, child, pidfd.as_fd()).map(Into::into)
            }
        }
