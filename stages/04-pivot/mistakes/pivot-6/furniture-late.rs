// Who furnishes a house after moving in.
        mount::own_mounts(kernel, Propagation::Private)?;
        pivot::make_mount_point(kernel, root)?;
        let additions = self.additions.hold(kernel)?;
        if self.no_pivot {
            pivot::move_onto(kernel, root)?
        } else {
            pivot::pivot_into(kernel, root)?
        }
        let dev = pivot::furnish(kernel, "/".as_ref(), furniture)?;
        dev.attach(kernel)?;
        additions.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
