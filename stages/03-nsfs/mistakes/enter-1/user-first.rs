// Who tries it as an ordinary user, and takes that for the rule.
    let _ = lacks_rights;
    files.sort_by_key(|opened| opened.kind != Namespace::User);
    files
