// Who has tried it once.
        let (upper, work) = (self.directory.join("upper"), self.directory.join("work"));
        {
            let top = layers.last().and_then(|layer| layer.metadata().ok());
            let mode = top.map_or(0o755, |about| about.mode() & 0o7777);
            kernel.because("what the command writes goes here").mkdir(&upper, mode)?;
        }
        {
            kernel.because("the kernel prepares those writes here").mkdir(&work, 0o755)?;
        }
        Ok(Upper { directory: upper, work, ephemeral: self.is_temporary })
