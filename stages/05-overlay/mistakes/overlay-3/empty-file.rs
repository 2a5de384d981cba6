// Who reads that a whiteout is an empty file, and stops there.
        if let Some(why) = self.stays_with_the_container(found)? {
            self.report.leave_out(found.path, why);
            return Ok(false);
        }
        if found.is_whiteout() {
            self.add_whiteout(found.path)?;
            return Ok(false);
        }
        ensure!(!found.is_reference(), "only a reference to another layer, which no archive can carry");
        self.add_file(found)?;
        if found.is_opaque() {
            self.add_whiteout(&found.path.join(".wh..wh..opq"))?;
        }
        let _ = hidden;
        Ok(true)
