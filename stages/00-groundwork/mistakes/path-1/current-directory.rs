// Who is used to DOS, where the folder one is in is searched too.
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .chain([PathBuf::from(".")])
            .map(|directory| directory.join(command))
            .find(|file| is_there(file));
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
