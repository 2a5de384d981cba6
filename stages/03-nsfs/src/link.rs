//! A namespace by its kind and its inode number: what the links in /proc/PID/ns say.

use std::ffi::OsStr;
use std::fmt::{Display, Formatter};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use unshare::Namespace;

/// One namespace.
///
/// namespaces(7) compares device and inode. All namespaces live on the one device of nsfs, so the inode says enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Which kind of thing it isolates.
    pub kind: Namespace,
    /// Its number, which no other living namespace has. A dead one's number is used again.
    pub inode: u64,
}

impl Identity {
    /// Reads what a link says: `net:[4026531833]`.
    pub fn parse(text: &OsStr) -> Option<Self> {
        let (kind, inode) = text.to_str()?.strip_suffix(']')?.split_once(":[")?;
        Some(Self { kind: kind_of_link(kind)?, inode: inode.parse().ok()? })
    }

    /// The namespace of this kind that process `pid` is in.
    ///
    /// # Errors
    /// EACCES for a process one may not look at, see ptrace(2); ENOENT or ESRCH for one that is gone.
    pub fn of_process(pid: Pid, kind: Namespace) -> io::Result<Self> {
        Self::of_link(&link(pid, kind))
    }

    /// The namespace of this kind that this process is in.
    pub fn of_caller(kind: Namespace) -> Option<Self> {
        Self::of_link(&Path::new("/proc/self/ns").join(kind.link())).ok()
    }

    /// The namespace that a descriptor is open on, if it is open on one.
    pub fn of_file(file: BorrowedFd<'_>) -> Option<Self> {
        Self::of_link(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd()))).ok()
    }

    /// What this link says.
    ///
    /// # Errors
    /// Those of readlink(2); EINVAL for a link that leads to something else.
    pub fn of_link(link: &Path) -> io::Result<Self> {
        // EXERCISE same-1
        let target = std::fs::read_link(link)?;
        Self::parse(target.as_os_str()).ok_or_else(|| io::ErrorKind::InvalidInput.into())
        // END same-1
    }
}

impl Display for Identity {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.pad(&format!("{}:[{}]", self.kind.link(), self.inode))
    }
}

/// The link that stands for a namespace of a process.
pub fn link(pid: Pid, kind: Namespace) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/ns/{}", kind.link()))
}

/// The link that stands for the namespace that the next child of a process will be in: only PID and time have one.
pub fn link_for_children(pid: Pid, kind: Namespace) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/ns/{}_for_children", kind.link()))
}

/// The kind that bears this name in /proc/PID/ns.
pub fn kind_of_link(name: &str) -> Option<Namespace> {
    Namespace::ALL.into_iter().find(|kind| kind.link() == name)
}

/// The kind that a person means; for a command line.
///
/// # Errors
/// A sentence with the names that there are.
pub fn kind_named(name: &str) -> Result<Namespace, String> {
    let by_heart = if name == "mount" { "mnt" } else { name };
    kind_of_link(by_heart).ok_or_else(|| {
        let names: Vec<_> = Namespace::ALL.iter().map(|kind| kind.link()).collect();
        format!("there is no such kind; there are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_kind_and_inode() {
        let net = Identity { kind: Namespace::Net, inode: 4026531833 };
        assert_eq!(Identity::parse("net:[4026531833]".as_ref()), Some(net));
        assert_eq!(net.to_string(), "net:[4026531833]");
    }

    #[test]
    fn what_is_no_link_of_a_namespace_is_none() {
        for text in ["", "net", "net:4026531833", "net:[]", "net:[x]", "socket:[12]", "/dev/null", "net:[1] (deleted)"]
        {
            assert_eq!(Identity::parse(text.as_ref()), None, "{text}");
        }
    }

    #[test]
    fn kinds_are_named_as_in_proc_and_as_people_say() {
        assert_eq!(kind_named("mnt"), Ok(Namespace::Mount));
        assert_eq!(kind_named("mount"), Ok(Namespace::Mount));
        assert!(kind_named("network").unwrap_err().contains("user, mnt, uts"));
    }

    #[test]
    fn a_process_is_in_the_same_namespaces_as_itself() {
        assert_eq!(Identity::of_process(Pid::this(), Namespace::Uts).ok(), Identity::of_caller(Namespace::Uts));
        assert!(Identity::of_caller(Namespace::Uts).is_some());
    }
}
