// Who thinks that what cannot be left by a path cannot be left.
    let shown = String::from_utf8_lossy(name);
    ensure!(!name.contains(&0), "{shown:?} has a NUL byte in it; no file can be named so");
    let mut path = PathBuf::new();
    for word in name.split(|byte| *byte == b'/') {
        ensure!(word != b"..", "{shown:?} has \"..\" in it: an archive may not climb");
        if !word.is_empty() && word != b"." {
            path.push(OsStr::from_bytes(word));
        }
    }
    Ok(path)
// HOLE 2
        self.parent(path)?;
        let there = self.tree.look(target)?;
        let there = there.filter(|_| !self.tree.kernel.is_rehearsing()).map(|seen| seen.id);
        if there.is_some() && self.tree.look(path)?.map(|seen| seen.id) == there {
            // The same file already. Removing it to link it anew would lose it.
            return Ok(());
        }
        let from = self.tree.directory(parent(target))?;
        let within = self.free_place(path)?;
        let linked = self
            .tree
            .kernel
            .because("a second name for a file of this tree; both names are looked up in it")
            .linkat(from.as_fd(), file_name(target), within.as_fd(), file_name(path));
        linked.with_context(|| format!("a hard link to {}", target.display()))
// HOLE 3
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let within = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        for _ in 1..MOST_TRIES {
            let asking = self.kernel.because("links on the way are followed as if \"/\" were here: none leads out");
            match asking.openat2(self.root.as_fd(), path, flags | OFlag::O_DIRECTORY, 0, within) {
                Err(refused) if Refused::errno_of(&refused) == Some(Errno::EAGAIN) => {}
                Err(refused) if Refused::errno_of(&refused) == Some(Errno::EXDEV) => {
                    return Err(refused.context("a file system is mounted inside the directory; unmount it first"));
                }
                answer => return answer,
            }
        }
        anyhow::bail!("{}: something else keeps moving directories here", path.display())
