// Who thinks of the environment as a list of values.
        let path = c_string(self.find(kernel)?.into_os_string())?;
        let arguments: Vec<_> = self.arguments.iter().cloned().map(c_string).collect::<Result<_>>()?;
        let pairs = self
            .environment
            .iter()
            .map(|(_, value)| c_string(value.clone()));
        let environment: Vec<_> = pairs.collect::<Result<_>>()?;
        kernel.because("everything is in place: this process becomes the program, and keeps its PID").execve(
            &path,
            &arguments,
            &environment,
        )
