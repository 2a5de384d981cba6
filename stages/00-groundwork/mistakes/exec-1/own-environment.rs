// Who thinks that there is one environment, and that every process hands on its own.
        let path = c_string(self.find(kernel)?.into_os_string())?;
        let arguments: Vec<_> = self.arguments.iter().cloned().map(c_string).collect::<Result<_>>()?;
        let pairs = std::env::vars_os()
            .map(|(name, value)| c_string([name.as_os_str(), OsStr::new("="), &value].into_iter().collect()));
        let environment: Vec<_> = pairs.collect::<Result<_>>()?;
        kernel.because("everything is in place: this process becomes the program, and keeps its PID").execve(
            &path,
            &arguments,
            &environment,
        )
