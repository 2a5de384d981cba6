// Who translates the errno: ENOENT, no such file.
    let _ = host;
    say(format!("this root has no {}", program.display()), "name a program inside it, or copy one there")
