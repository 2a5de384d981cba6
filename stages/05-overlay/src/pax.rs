//! Extended headers: what does not fit into the 512 bytes of an entry. See pax(1), "pax Extended Header".
//!
//! A record is `LENGTH KEY=VALUE\n`, its length counting itself. A value may hold any byte, newlines too: only the
//! length says where it ends.

use anyhow::{Context, Result, ensure};
use nix::sys::time::TimeSpec;

/// Keys and values in the order in which they stand; of two with the same key, the later one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records(Vec<(Vec<u8>, Vec<u8>)>);

/// Before the name of an extended attribute; star(1) began with it, and everyone followed.
pub(crate) const ATTRIBUTE: &str = "SCHILY.xattr.";

// ANCHOR: parse
impl Records {
    /// Reads the content of an extended header.
    ///
    /// # Errors
    /// A length that is no number, or that points elsewhere than behind a newline; a record without "=".
    pub(crate) fn parse(mut rest: &[u8]) -> Result<Self> {
        let mut records = Vec::new();
        while !rest.is_empty() {
            let blank = rest.iter().position(|byte| *byte == b' ').context("a pax record has no length")?;
            let length: usize = number(&rest[..blank]).context("the length of a pax record is no number")?;
            ensure!(length > blank + 1 && length <= rest.len(), "a pax record of {length} bytes ends elsewhere");
            let (record, after) = rest.split_at(length);
            let record = record[blank + 1..].strip_suffix(b"\n").context("a pax record does not end with a newline")?;
            let equals = record.iter().position(|byte| *byte == b'=').context("a pax record has no \"=\"")?;
            records.push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
            rest = after;
        }
        Ok(Self(records))
    }
}
// ANCHOR_END: parse

impl Records {
    /// These records, and over them `later`.
    pub(crate) fn and(&self, later: Self) -> Self {
        Self([self.0.clone(), later.0].concat())
    }

    /// How many bytes the keys and values are.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// All records, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(key, value)| (&key[..], &value[..]))
    }

    /// The value that counts; an empty one takes an earlier one back.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        let last = self.iter().filter(|(known, _)| *known == key.as_bytes()).last();
        last.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// A value that must be a number if it is there.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>> {
        self.get(key)
            .map(|value| number(value).with_context(|| format!("the pax record {key} is no number")))
            .transpose()
    }

    /// A value that must be a time if it is there.
    pub(crate) fn time(&self, key: &str) -> Result<Option<TimeSpec>> {
        self.get(key).map(|value| time(value).with_context(|| format!("the pax record {key} is no time"))).transpose()
    }
}

pub(crate) fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    // FromStr would also take "+5".
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

const NANOSECONDS: i64 = 1_000_000_000;

/// `SECONDS[.FRACTION]` since 1970, perhaps with a minus before it.
fn time(text: &[u8]) -> Option<TimeSpec> {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let seconds: i64 = number(parts.next()?).filter(|_| !text.is_empty())?;
    let fraction = parts.next().unwrap_or_default();
    // Nine digits at most: what is finer is cut off, as the clock of a file system does.
    let digits: Vec<u8> = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9).collect();
    let nanoseconds: i64 = number(&digits)?;
    if fraction.iter().any(|byte| !byte.is_ascii_digit()) {
        return None;
    }
    Some(match (negative, nanoseconds) {
        (false, _) => TimeSpec::new(seconds, nanoseconds),
        (true, 0) => TimeSpec::new(-seconds, 0),
        // A TimeSpec counts its nanoseconds forward, before 1970 too: -0.5 is -1 and half a second.
        (true, _) => TimeSpec::new(-seconds - 1, NANOSECONDS - nanoseconds),
    })
}

/// A time as a pax record writes it.
pub(crate) fn spell_time(time: TimeSpec) -> String {
    let (seconds, nanoseconds) = (time.tv_sec(), time.tv_nsec());
    match (seconds, nanoseconds) {
        (_, 0) => seconds.to_string(),
        (0.., _) => format!("{seconds}.{nanoseconds:09}"),
        (_, _) => format!("-{}.{:09}", -(seconds + 1), NANOSECONDS - nanoseconds),
    }
}

/// One record as text; its length counts its own digits.
#[cfg(test)]
pub(crate) fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let length = (1..).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length);
    format!("{} {key}={value}\n", length.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_newlines_and_what_looks_like_a_record() {
        let records = Records::parse(b"26 SCHILY.xattr.user.a=\n\n\n9 path=b\n").unwrap();
        assert_eq!(records.get("SCHILY.xattr.user.a"), Some(&b"\n\n"[..]));
        assert_eq!(records.get("path"), Some(&b"b"[..]));
    }

    #[test]
    fn the_later_record_counts() {
        let earlier = Records::parse(b"9 path=a\n").unwrap();
        let later = Records::parse(b"9 path=b\n").unwrap();
        assert_eq!(earlier.and(later).get("path"), Some(&b"b"[..]));
        let taken_back = Records::parse(b"8 path=\n").unwrap();
        assert_eq!(earlier.and(taken_back).get("path"), None);
    }

    #[test]
    fn a_broken_record_is_an_error() {
        for broken in [&b"9 path=a"[..], b"8 path=a\n", b"11 path=a\n", b"path=a\n", b"7 patha\n", b"0 \n", b"-1 a=b\n"]
        {
            assert!(Records::parse(broken).is_err(), "{:?}", String::from_utf8_lossy(broken));
        }
    }

    #[test]
    fn times_come_back_as_they_were() {
        for (text, seconds, nanoseconds) in
            [("0", 0, 0), ("12.5", 12, 500_000_000), ("-0.5", -1, 500_000_000), ("-3", -3, 0), ("1.000000001", 1, 1)]
        {
            let parsed = time(text.as_bytes()).unwrap();
            assert_eq!((parsed.tv_sec(), parsed.tv_nsec()), (seconds, nanoseconds), "{text}");
            assert_eq!(time(spell_time(parsed).as_bytes()), Some(parsed), "{text}");
        }
        for broken in ["", "-", ".5", "1.x", "1e9", "+1", "99999999999999999999"] {
            assert_eq!(time(broken.as_bytes()), None, "{broken}");
        }
    }
}
