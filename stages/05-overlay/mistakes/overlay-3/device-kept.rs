// Who packs what is there: the upper directory is the layer.
        if let Some(why) = self.stays_with_the_container(found)? {
            self.report.leave_out(found.path, why);
            return Ok(false);
        }
        let _ = hidden;
        ensure!(!found.is_reference(), "only a reference to another layer, which no archive can carry");
        self.add_file(found)?;
        if found.is_opaque() {
            self.add_whiteout(&found.path.join(".wh..wh..opq"))?;
        }
        Ok(true)
