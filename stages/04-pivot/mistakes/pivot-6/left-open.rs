// Who has closed every mount and thinks of no descriptor.
        mount::own_mounts(kernel, Propagation::Private)?;
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
        self.command.program().exec(kernel)
