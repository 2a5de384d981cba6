// Who lists layers as an image does.
    let plain = |path: &PathBuf| path.to_str().filter(|text| !text.contains([':', ',', '\\'])).map(str::to_owned);
    let lower: Vec<_> = stack.lower.iter().map(plain).collect::<Option<_>>()?;
    let mut options = format!("lowerdir={}", lower.join(":"));
    if let Some(upper) = &stack.upper {
        options.push_str(&format!(",upperdir={},workdir={}", plain(&upper.directory)?, plain(&upper.work)?));
    }
    options.push_str(&extras_in_words(stack));
    (options.len() <= MOST_OPTIONS).then_some(options)
