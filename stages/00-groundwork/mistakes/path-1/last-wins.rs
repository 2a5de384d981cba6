// Who lets every folder overwrite what an earlier one has found.
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .map(|directory| directory.join(command))
            .filter(|file| is_there(file))
            .last();
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
