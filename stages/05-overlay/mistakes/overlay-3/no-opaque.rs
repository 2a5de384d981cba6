// Who has deleted files, and never a whole directory.
        if let Some(why) = self.stays_with_the_container(found)? {
            self.report.leave_out(found.path, why);
            return Ok(false);
        }
        if found.is_whiteout() {
            self.add_whiteout(&found.path.with_file_name(hidden(found.path)))?;
            return Ok(false);
        }
        ensure!(!found.is_reference(), "only a reference to another layer, which no archive can carry");
        self.add_file(found)?;
        Ok(true)
