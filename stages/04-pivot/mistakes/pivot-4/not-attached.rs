// Who thinks that an open tree is a mount already, because open_tree(2) made one.
        let _ = make_held_read_only;
        let _ = (self.mount.as_fd(), self.missing(&anyhow::anyhow!("")));
        if self.read_only { make_tree_read_only(kernel, &self.target, "to read only") } else { Ok(()) }
