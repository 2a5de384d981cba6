// Who has only ever seen scripts that are run by a program.
    let shown = program.display();
    if !host.has(program) {
        return match host.link(program) {
            Some(target) => {
                say(format!("{shown} is a link to {}, which this root lacks", target.display()), "copy that too")
            }
            None => say(format!("this root has no {shown}"), "name a program inside it, or copy one there"),
        };
    }
    let interpreter = interpreter(host, program)?;
    if host.has(&interpreter) {
        return None;
    }
    missing_interpreter(program, &interpreter)
