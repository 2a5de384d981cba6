// Who thinks that whatever was changed belongs to the change.
        if found.is_whiteout() {
            self.add_whiteout(&found.path.with_file_name(hidden(found.path)))?;
            return Ok(false);
        }
        ensure!(!found.is_reference(), "only a reference to another layer, which no archive can carry");
        self.add_file(found)?;
        if found.is_opaque() {
            self.add_whiteout(&found.path.join(".wh..wh..opq"))?;
        }
        Ok(true)
