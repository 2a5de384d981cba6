// Who expects of mount(2) that it does what its flags say, all of them.
        let _ = make_held_read_only;
        let _ = make_tree_read_only;
        kernel
            .because("what is written here stays on the host when the container is gone")
            .move_mount_following(self.mount.as_fd(), &self.target)
            .hint_with(|error| self.missing(error))?;
        if !self.read_only {
            return Ok(());
        }
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC | MsFlags::MS_RDONLY;
        kernel.because("to read only").mount(Some(self.target.as_path()), &self.target, None, flags, None)
