// Who joins two paths, and lets the kernel follow links of the root from outside.
    check_directory(root)?;
    let command = program.find_in(root).with_context(|| root.display().to_string());
    let command = command.hint_with(|_| Some(how_to_get_it(root)))?;
    let Some(loader) = in_root(root, &command).and_then(|file| interpreter_of(&Here, &file)) else {
        return Ok(());
    };
    if root.join(loader.strip_prefix("/").unwrap_or(&loader)).exists() {
        return Ok(());
    }
    let (command, loader) = (command.display(), loader.display());
    let missing = anyhow!("{}: {command} is there, but {loader}, which loads it, is not", root.display());
    Err(missing)
        .hint(format!("`ldd {command}` outside lists the libraries: each must lie in the root by the same path"))
