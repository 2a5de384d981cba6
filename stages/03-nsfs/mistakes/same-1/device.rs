// Who has read that device and inode are compared, and takes the first of them.
        use std::os::unix::fs::MetadataExt;
        let target = std::fs::read_link(link)?;
        let found = Self::parse(target.as_os_str()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self { inode: std::fs::metadata(link)?.dev(), ..found })
