// Who takes the usual folders for the trusted ones, and PATH for an addition.
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(DEFAULT_PATH)
            .chain(std::env::split_paths(&path))
            .map(|directory| directory.join(command))
            .find(|file| is_there(file));
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
