//! What an errno means for the call that got it, and what to try: the hint line.
//!
//! A hint is looked for at the moment of refusal, from the true arguments and a look at the host: a moment later the
//! process may have another root, or be gone. Each family of calls has its table in a file of its own.

mod asked;
mod cgroups;
mod elf;
mod execve;
mod files;
mod identity;
mod mounts;
mod namespaces;
mod overlay;
mod processes;
mod roots;
mod setns;

use std::fmt::{Display, Formatter};

use nix::errno::Errno;

use crate::arguments::{Argument, Spelling};
use crate::host::Here;

use asked::Asked;
pub use elf::interpreter_of;
pub(crate) use namespaces::{kind_of, unknown_kind};
pub(crate) use roots::initramfs;

/// A call that the kernel refused.
#[derive(Debug)]
pub struct Refused {
    /// The call's name in section 2 of the manual.
    pub name: &'static str,
    /// The call with its true arguments.
    pub call: String,
    /// The kernel's answer.
    pub errno: Errno,
    /// What that means here, and what to try.
    pub hint: Option<String>,
}

/// What to try, attached to an error by whoever knows it; said as its last line, in place of the call's own hint.
///
/// `anyhow::Error::context(Hint::new("…"))` attaches one, and so does [`WithHint::hint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint(String);

/// Attaches what to try to an error: `….hint("name a directory: ROOT is a file")?`.
pub trait WithHint<T> {
    /// The same, and an error gets this hint.
    ///
    /// # Errors
    /// The error that was there before.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;

    /// The same, and an error gets the hint that is made of it, if any.
    ///
    /// # Errors
    /// The error that was there before.
    fn hint_with(self, hint: impl FnOnce(&anyhow::Error) -> Option<String>) -> anyhow::Result<T>;
}

// ANCHOR: families
/// The first family that knows the refusal explains it.
fn hint(asked: &Asked<'_>) -> Option<String> {
    let families = [
        execve::hint,
        cgroups::hint,
        identity::hint,
        overlay::hint,
        mounts::hint,
        roots::hint,
        namespaces::hint,
        setns::hint,
        processes::hint,
        files::hint,
    ];
    families.iter().find_map(|family| family(asked))
}
// ANCHOR_END: families

impl Refused {
    /// Looks for the hint at once: a moment later this process may have another root, or be gone.
    pub(crate) fn new(name: &'static str, arguments: &[&dyn Argument], errno: Errno) -> Self {
        let spelling = Spelling { rehearsing: false };
        let words: Vec<_> = arguments.iter().map(|one| one.spell(spelling)).collect();
        let said = arguments.first().and_then(|first| asked::said_by_file_system(first.descriptor()?));
        let hint = hint(&Asked { name, words: &words, errno, said, host: &Here });
        Self { name, call: format!("{name}({})", words.join(", ")), errno, hint }
    }

    /// The kernel's answer behind an error, if a call was refused.
    pub fn errno_of(error: &anyhow::Error) -> Option<Errno> {
        error.downcast_ref::<Self>().map(|refused| refused.errno)
    }
}

impl Display for Refused {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {:?}: {}", self.call, self.errno, in_lower_case(self.errno.desc()))
    }
}

/// The field writes errors in lower case, names such as "RFS" aside.
fn in_lower_case(words: &str) -> String {
    let mut words = words.to_owned();
    if words.chars().nth(1).is_some_and(char::is_lowercase) {
        words[..1].make_ascii_lowercase();
    }
    words
}

/// The standard library's own errors begin like a sentence, and end with a number that nobody knows by heart.
fn without_numbers(mut text: String) -> String {
    const BEFORE: &str = " (os error ";
    while let Some((_, rest)) = text.split_once(BEFORE) {
        let Some(number) = rest.split(')').next().and_then(|number| number.parse().ok()) else { break };
        let whole = std::io::Error::from_raw_os_error(number).to_string();
        let words = whole.split(BEFORE).next().unwrap_or_default();
        let plain = text.replace(&whole, &in_lower_case(words));
        if plain == text {
            break;
        }
        text = plain;
    }
    text
}

impl std::error::Error for Refused {}

impl Hint {
    const MARK: &str = "hint: ";

    /// A hint in these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The hint of an error: the one attached last, or else the one of the call that was refused.
    pub fn of(error: &anyhow::Error) -> Option<&str> {
        let attached = error.downcast_ref::<Self>().map(|hint| hint.0.as_str());
        attached.or_else(|| error.downcast_ref::<Refused>()?.hint.as_deref())
    }

    /// The error in one line, without its hints.
    pub fn without(error: &anyhow::Error) -> String {
        let causes = error.chain().map(ToString::to_string);
        without_numbers(causes.filter(|cause| !cause.starts_with(Self::MARK)).collect::<Vec<_>>().join(": "))
    }
}

impl Display for Hint {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}{}", Self::MARK, self.0)
    }
}

impl<T, E: Into<anyhow::Error>> WithHint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().context(Hint::new(hint)))
    }

    fn hint_with(self, hint: impl FnOnce(&anyhow::Error) -> Option<String>) -> anyhow::Result<T> {
        self.map_err(|error| {
            let error = error.into();
            match hint(&error) {
                Some(words) => error.context(Hint::new(words)),
                None => error,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    fn refused() -> anyhow::Error {
        Refused { name: "x", call: "x(1)".to_owned(), errno: Errno::EPERM, hint: Some("the call's".to_owned()) }.into()
    }

    #[test]
    fn the_hint_attached_last_is_the_one_that_is_said() {
        let error = Err::<(), _>(refused()).hint("first").context("while testing").hint("last").unwrap_err();
        assert_eq!(Hint::of(&error), Some("last"));
        assert_eq!(Hint::without(&error), "while testing: x(1): EPERM: operation not permitted");
        assert_eq!(Refused::errno_of(&error), Some(Errno::EPERM));
    }

    #[test]
    fn what_the_standard_library_says_is_said_as_the_field_does() {
        let missing = std::fs::read("/no/such/file").context("cannot read it").unwrap_err();
        assert_eq!(Hint::without(&missing), "cannot read it: no such file or directory");
        let within = anyhow::anyhow!("{}; and {}", Errno::EPERM, std::io::Error::from_raw_os_error(40));
        assert_eq!(Hint::without(&within), "EPERM: Operation not permitted; and too many levels of symbolic links");
        assert_eq!(Hint::without(&anyhow::anyhow!("odd (os error x)")), "odd (os error x)");
    }

    #[test]
    fn without_one_attached_the_call_has_its_own() {
        let error = refused().context("while testing");
        assert_eq!(Hint::of(&error), Some("the call's"));
        let error = Err::<(), _>(error).hint_with(|_| None).unwrap_err();
        assert_eq!(Hint::of(&error), Some("the call's"));
        assert_eq!(Hint::of(&anyhow::anyhow!("something else")), None);
    }
}
