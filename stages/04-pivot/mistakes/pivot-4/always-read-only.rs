// Who wants to be on the safe side.
        let _ = make_held_read_only;
        kernel
            .because("what is written here stays on the host when the container is gone")
            .move_mount_following(self.mount.as_fd(), &self.target)
            .hint_with(|error| self.missing(error))?;
        make_tree_read_only(kernel, &self.target, "nobody shall write to the host")
