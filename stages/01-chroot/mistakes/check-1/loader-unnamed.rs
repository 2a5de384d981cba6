// Who knows by now what is missing, and keeps it to themselves.
    check_directory(root)?;
    let command = program.find_in(root).with_context(|| root.display().to_string());
    let command = command.hint_with(|_| Some(how_to_get_it(root)))?;
    let Some(loader) = in_root(root, &command).and_then(|file| interpreter_of(&Here, &file)) else {
        return Ok(());
    };
    if in_root(root, &loader).is_some() {
        return Ok(());
    }
    Err(anyhow!("{}: {} cannot be run in there", root.display(), command.display()))
