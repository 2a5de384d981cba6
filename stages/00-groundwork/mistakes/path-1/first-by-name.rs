// Who looks for a name, as `ls` shows it, and leaves the rest to execve(2).
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let _ = &is_there;
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .map(|directory| directory.join(command))
            .find(|file| file.exists());
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
