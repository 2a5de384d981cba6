// Who trusts that the root is there, because somebody has just typed it.
    let command = program.find_in(root).with_context(|| root.display().to_string());
    let command = command.hint_with(|_| Some(how_to_get_it(root)))?;
    let Some(loader) = in_root(root, &command).and_then(|file| interpreter_of(&Here, &file)) else {
        return Ok(());
    };
    if in_root(root, &loader).is_some() {
        return Ok(());
    }
    let (command, loader) = (command.display(), loader.display());
    let missing = anyhow!("{}: {command} is there, but {loader}, which loads it, is not", root.display());
    Err(missing)
        .hint(format!("`ldd {command}` outside lists the libraries: each must lie in the root by the same path"))
