// Who takes a volume in the hand when it is needed.
        mount::own_mounts(kernel, Propagation::Private)?;
        pivot::make_mount_point(kernel, root)?;
        let dev = pivot::furnish(kernel, root, furniture)?;
        if self.no_pivot {
            pivot::move_onto(kernel, root)?
        } else {
            pivot::pivot_into(kernel, root)?
        }
        dev.attach(kernel)?;
        let additions = self.additions.hold(kernel)?;
        additions.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
