// Who thinks that the kernel makes its own directory.
        let (upper, work) = (self.directory.join("upper"), self.directory.join("work"));
        if !upper.is_dir() {
            let top = layers.last().and_then(|layer| layer.metadata().ok());
            let mode = top.map_or(0o755, |about| about.mode() & 0o7777);
            kernel.because("what the command writes goes here").mkdir(&upper, mode)?;
        }
        Ok(Upper { directory: upper, work, ephemeral: self.is_temporary })
