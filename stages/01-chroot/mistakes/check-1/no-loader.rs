// Who checks that the program is there, and thinks that a program is one file.
    check_directory(root)?;
    let command = program.find_in(root).with_context(|| root.display().to_string());
    command.hint_with(|_| Some(how_to_get_it(root))).map(drop)
