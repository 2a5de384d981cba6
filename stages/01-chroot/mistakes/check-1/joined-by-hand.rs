// Who takes the "/" away, and has a path of this side.
    check_directory(root)?;
    let command = program.find_in(root).with_context(|| root.display().to_string());
    let command = command.hint_with(|_| Some(how_to_get_it(root)))?;
    let file = root.join(command.strip_prefix("/").unwrap_or(&command));
    let Some(loader) = interpreter_of(&Here, &file) else {
        return Ok(());
    };
    if in_root(root, &loader).is_some() {
        return Ok(());
    }
    let (command, loader) = (command.display(), loader.display());
    let missing = anyhow!("{}: {command} is there, but {loader}, which loads it, is not", root.display());
    Err(missing)
        .hint(format!("`ldd {command}` outside lists the libraries: each must lie in the root by the same path"))
