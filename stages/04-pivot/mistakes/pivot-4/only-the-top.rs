// Who takes the verb of the exercise before.
        let _ = make_held_read_only;
        let _ = make_tree_read_only;
        kernel
            .because("what is written here stays on the host when the container is gone")
            .move_mount_following(self.mount.as_fd(), &self.target)
            .hint_with(|error| self.missing(error))?;
        if self.read_only { crate::read_only::make_read_only(kernel, &self.target) } else { Ok(()) }
