// Who has only ever mounted overlays to read.
    let plain = |path: &PathBuf| path.to_str().filter(|text| !text.contains([':', ',', '\\'])).map(str::to_owned);
    let lower: Vec<_> = stack.lower.iter().rev().map(plain).collect::<Option<_>>()?;
    let mut options = format!("lowerdir={}", lower.join(":"));
    if let Some(upper) = &stack.upper {
        options.push_str(&format!(",upperdir={}", plain(&upper.directory)?));
    }
    options.push_str(&extras_in_words(stack));
    (options.len() <= MOST_OPTIONS).then_some(options)
