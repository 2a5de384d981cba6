// Who thinks that a mount namespace of one's own is private from the start.
        mount::own_mounts(kernel, Propagation::Unchanged)?;
        pivot::make_mount_point(kernel, root)?;
        let additions = self.additions.hold(kernel)?;
        let dev = pivot::furnish(kernel, root, furniture)?;
        if self.no_pivot {
            pivot::move_onto(kernel, root)?
        } else {
            pivot::pivot_into(kernel, root)?
        }
        dev.attach(kernel)?;
        additions.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
