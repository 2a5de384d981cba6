// Who asks for a variable as one asks everywhere else.
        let command = &self.arguments[0];
        let path = std::env::var_os("PATH");
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .map(|directory| directory.join(command))
            .find(|file| is_there(file));
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
