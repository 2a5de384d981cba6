//! Descriptors, programs, numbers and lengths, spelled without what differs from machine to machine.

use crate::record::raw::Raw;
use crate::trace::unquoted;

pub(super) fn own_id(id: u32) -> String {
    if id == 0 { "0".to_owned() } else { "1000".to_owned() }
}

/// A number that follows `lead` and ends there.
pub(super) fn replace_number(text: &str, lead: &str, number: u32, word: u32) -> String {
    let sought = format!("{lead}{number}");
    let mut parts = text.split(sought.as_str());
    let mut fixed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let goes_on = part.starts_with(|letter: char| letter.is_ascii_digit());
        fixed += &if goes_on { sought.clone() } else { format!("{lead}{word}") };
        fixed += part;
    }
    fixed
}

/// Each word of `["…", "…"]`.
pub(super) fn each_word(list: &str, word: impl FnMut(&str) -> String) -> String {
    let inner = list.trim_start_matches('[').trim_end_matches(']');
    format!("[{}]", inner.split(", ").map(word).collect::<Vec<_>>().join(", "))
}

/// `7</etc/hosts>`: which number a descriptor gets depends on what else is open.
pub(super) fn without_descriptors(text: &str) -> String {
    let mut fixed = String::new();
    let mut digits = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if letter == '<' && !digits.is_empty() && !fixed.ends_with(|before: char| before.is_ascii_alphanumeric()) {
            fixed.push_str("FD");
        } else {
            fixed.push_str(&digits);
        }
        digits.clear();
        fixed.push(letter);
    }
    fixed + &digits
}

/// The same where nothing says what they are open on.
pub(super) fn fixed_descriptors(raw: &mut Raw) {
    const TAKE: [&str; 16] = [
        "close",
        "fchdir",
        "fchmodat",
        "fsconfig",
        "fsmount",
        "ioctl",
        "mkdirat",
        "move_mount",
        "openat2",
        "read",
        "recvfrom",
        "recvmsg",
        "sendmsg",
        "sendto",
        "setns",
        "write",
    ];
    const GIVE: [&str; 9] =
        ["dup", "fsmount", "fsopen", "open", "open_tree", "openat", "openat2", "pidfd_open", "socket"];
    let is_bare = |text: &str| text.parse::<u32>().is_ok_and(|number| number > 2);
    if let Some(first) = raw.arguments.first_mut().filter(|first| TAKE.contains(&raw.call.as_str()) && is_bare(first)) {
        *first = "FD".to_owned();
    }
    if let Some(result) = raw.result.as_mut().filter(|result| GIVE.contains(&raw.call.as_str()) && is_bare(result)) {
        *result = "FD".to_owned();
    }
}

/// Programs are in /bin on one system and in /usr/bin on another.
pub(super) fn fixed_programs(raw: &mut Raw) {
    let Some(path) = raw.arguments.first_mut().filter(|_| raw.call == "execve") else { return };
    let name = unquoted(path).rsplit_once('/').filter(|(folder, _)| ["/bin", "/sbin", "/usr/sbin"].contains(folder));
    if let Some((_, name)) = name {
        *path = format!("\"/usr/bin/{name}\"");
    }
}

/// Where a text has changed, so has its length.
pub(super) fn fixed_length(raw: &mut Raw, before: &[String]) {
    if !matches!(raw.call.as_str(), "write" | "sendto" | "sethostname") {
        return;
    }
    let Some(at) = (0..before.len()).find(|at| before[*at].starts_with('"') && before[*at] != raw.arguments[*at])
    else {
        return;
    };
    let (was, is) = (length(&before[at]).to_string(), length(&raw.arguments[at]).to_string());
    if let Some(told) = raw.arguments.get_mut(at + 1).filter(|told| **told == was) {
        *told = is.clone();
    }
    if let Some(told) = raw.result.as_mut().filter(|told| **told == was) {
        *told = is;
    }
}

/// How many bytes a quoted text has.
pub(super) fn length(quoted: &str) -> usize {
    let text = unquoted(quoted);
    let mut bytes = text.bytes().peekable();
    let mut count = 0;
    while let Some(byte) = bytes.next() {
        count += 1;
        if byte != b'\\' {
            continue;
        }
        if bytes.next().is_some_and(|byte| byte.is_ascii_digit()) {
            let mut digits = 1;
            while digits < 3 && bytes.next_if(u8::is_ascii_digit).is_some() {
                digits += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_loses_its_number_and_nothing_else_does() {
        assert_eq!(without_descriptors("cgroup=7</sys/fs>, 88"), "cgroup=FD</sys/fs>, 88");
        assert_eq!(without_descriptors("\"a1<b\" 22"), "\"a1<b\" 22");
    }

    #[test]
    fn escapes_count_as_one_byte() {
        assert_eq!(length(r#""a\n\303\251b""#), 5);
    }

    #[test]
    fn a_number_is_replaced_only_as_a_whole() {
        assert_eq!(replace_number("/proc/12/ns /proc/123/ns", "/proc/", 12, 101), "/proc/101/ns /proc/123/ns");
    }
}
