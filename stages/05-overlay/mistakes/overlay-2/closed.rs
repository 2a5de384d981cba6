// Who is careful with what others may see.
        let (upper, work) = (self.directory.join("upper"), self.directory.join("work"));
        if !upper.is_dir() {
            let _ = layers.iter().map(|layer| layer.metadata().map(|about| about.mode()));
            kernel.because("what the command writes goes here").mkdir(&upper, 0o700)?;
        }
        if !work.is_dir() {
            kernel.because("the kernel prepares those writes here").mkdir(&work, 0o755)?;
        }
        Ok(Upper { directory: upper, work, ephemeral: self.is_temporary })
