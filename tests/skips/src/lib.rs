//! A test that cannot run here says why. Where every skip counts, as it does with `CI` set, that is a failure, unless
//! `tests/allowed-skips.txt` names it: a line each, of who (`root` or `ordinary`), the need that is not met, and the reason.

use std::error::Error;
use std::fmt::{Display, Formatter};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A skip that no line of the list allows.
#[derive(Debug)]
pub struct Forbidden(String);

impl Display for Forbidden {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}tests/allowed-skips.txt does not allow this", self.0)
    }
}

impl Error for Forbidden {}

/// Says that a test was skipped for a need: why, and what would help.
///
/// # Errors
/// It must be allowed here, and is not.
pub fn note(test: &str, need: &str, why: &str, remedy: &str) -> Result<(), Forbidden> {
    // Written past the capture of the test runner: a skip is to be seen also when everything is green.
    let line = format!("skipped: {test}: {need}: {why}; {remedy}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if is_in_order(need) { Ok(()) } else { Err(Forbidden(line)) }
}

/// True where no skip counts, and for those that are allowed.
pub fn is_in_order(need: &str) -> bool {
    std::env::var_os("CI").is_none() || is_allowed(&list(), who(), need)
}

fn list() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../allowed-skips.txt");
    // Without a list, nothing is allowed.
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A process belongs to whom it runs as.
fn who() -> &'static str {
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) { "root" } else { "ordinary" }
}

fn is_allowed(list: &str, who: &str, need: &str) -> bool {
    list.lines().any(|line| line.split_whitespace().take(2).eq([who, need]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_is_allowed_for_one_need_of_one_user() {
        let list = "# a remark\nroot  Podman  why\nordinary Root  why, for root and Podman\n";
        assert!(is_allowed(list, "root", "Podman") && is_allowed(list, "ordinary", "Root"));
        for (who, need) in [("ordinary", "Podman"), ("root", "Root"), ("root", "Pod"), ("#", "root")] {
            assert!(!is_allowed(list, who, need), "{who} {need}");
        }
    }

    #[test]
    fn the_list_is_there_and_every_line_of_it_has_a_reason() {
        let list = list();
        let lines: Vec<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(!lines.is_empty());
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            assert!(["root", "ordinary"].contains(&words[0]) && words.len() > 3, "{line}");
        }
    }
}
