//! An archive, written byte by byte: no library would write most of these.

use tar::Header;

/// What every entry has unless a case says otherwise.
pub(crate) const TIME: i64 = 1_000_000_000;

#[derive(Default)]
pub(crate) struct Archive(pub(crate) Vec<u8>);

/// An archive with these entries and the mark of the end.
pub(crate) fn archive(write: impl FnOnce(&mut Archive)) -> Vec<u8> {
    let mut archive = Archive::default();
    write(&mut archive);
    archive.0.extend([0; 1024]);
    archive.0
}

impl Archive {
    pub(crate) fn file(&mut self, name: &str, content: &str) -> &mut Self {
        self.entry(b'0', name, 0o644, content.as_bytes(), |_| {})
    }

    pub(crate) fn directory(&mut self, name: &str) -> &mut Self {
        self.entry(b'5', name, 0o755, b"", |_| {})
    }

    pub(crate) fn symlink(&mut self, name: &str, target: &str) -> &mut Self {
        self.linked(b'2', name, target)
    }

    pub(crate) fn link(&mut self, name: &str, target: &str) -> &mut Self {
        self.linked(b'1', name, target)
    }

    pub(crate) fn device(&mut self, kind: u8, name: &str, major: u32, minor: u32) -> &mut Self {
        self.entry(kind, name, 0o600, b"", |header| {
            header.set_device_major(major).unwrap();
            header.set_device_minor(minor).unwrap();
        })
    }

    fn linked(&mut self, kind: u8, name: &str, target: &str) -> &mut Self {
        self.entry(kind, name, 0o777, b"", |header| header.set_link_name_literal(target).unwrap())
    }

    /// An entry of which `change` may alter the header; its checksum is made right afterwards.
    pub(crate) fn entry(
        &mut self,
        kind: u8,
        name: &str,
        mode: u32,
        content: &[u8],
        change: impl FnOnce(&mut Header),
    ) -> &mut Self {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkflag[0] = kind;
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(TIME.cast_unsigned());
        header.set_size(content.len() as u64);
        change(&mut header);
        header.set_cksum();
        self.raw(header.as_bytes());
        self.content(content)
    }

    /// Ends a chain of entries that is the whole of an archive.
    pub(crate) fn done(&mut self) {}

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend(bytes);
        self
    }

    /// Bytes, filled up to whole blocks.
    pub(crate) fn content(&mut self, content: &[u8]) -> &mut Self {
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// Records for the entry that follows.
    pub(crate) fn pax(&mut self, records: &[(&str, &[u8])]) -> &mut Self {
        self.entry(b'x', "pax", 0o644, &records_of(records), |_| {})
    }

    /// The name, `L`, or the link, `K`, of the entry that follows, as GNU tar writes it when it is long.
    pub(crate) fn gnu_long(&mut self, kind: u8, text: &str) -> &mut Self {
        let content = [text.as_bytes(), b"\0"].concat();
        self.entry(kind, "././@LongLink", 0o644, &content, |header| {
            header.as_mut_bytes()[257..265].copy_from_slice(b"ustar  \0");
        })
    }
}

pub(crate) fn records_of(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut text = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length =
            (1..).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length).unwrap();
        text.extend(format!("{length} {key}=").bytes());
        text.extend(*value);
        text.push(b'\n');
    }
    text
}
