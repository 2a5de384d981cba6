// Who forgets that a name can lead to a name.
    let shown = program.display();
    if !host.has(program) {
        return say(format!("this root has no {shown}"), "name a program inside it, or copy one there");
    }
    let mut runs = program.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let interpreter = interpreter(host, &runs)?;
        if !host.has(&interpreter) {
            return missing_interpreter(&runs, &interpreter);
        }
        runs = interpreter;
    }
    None
