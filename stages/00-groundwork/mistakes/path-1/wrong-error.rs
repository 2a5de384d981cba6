// Who reports an error as every error is reported, and forgets that the caller tells by its type.
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .map(|directory| directory.join(command))
            .find(|file| is_there(file));
        found.with_context(|| format!("{}: no such command in {}", command.display(), path.display()))
