// Who places things in the order in which they were taken in the hand.
        mount::own_mounts(kernel, Propagation::Private)?;
        pivot::make_mount_point(kernel, root)?;
        let additions = self.additions.hold(kernel)?;
        let dev = pivot::furnish(kernel, root, furniture)?;
        if self.no_pivot {
            pivot::move_onto(kernel, root)?
        } else {
            pivot::pivot_into(kernel, root)?
        }
        additions.attach(kernel)?;
        dev.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
