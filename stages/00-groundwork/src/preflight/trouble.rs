//! A step of a trial that was refused, and who is behind it.

use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Here, Host};
use crate::preflight::Verdict;
use crate::refusal;

/// What a trial comes to.
pub(super) type Tried = Result<Verdict, Trouble>;

/// Why a trial did not come to its end.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Trouble {
    /// A call was refused.
    Refused { call: String, errno: i32 },
    /// The trial itself knows why.
    Known(Cause),
}

/// Names the call that may have been refused.
pub(super) trait During<T> {
    fn during(self, call: &str) -> Result<T, Trouble>;
}

impl<T> During<T> for nix::Result<T> {
    fn during(self, call: &str) -> Result<T, Trouble> {
        self.map_err(|errno| Trouble::refused(call, errno))
    }
}

impl<T> During<T> for rustix::io::Result<T> {
    fn during(self, call: &str) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::refused(call, Errno::from_raw(error.raw_os_error())))
    }
}

impl<T> During<T> for std::io::Result<T> {
    fn during(self, call: &str) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::refused(call, Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))
    }
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self::Known(cause)
    }
}

/// Writes to a file of /proc or of a cgroup, at once.
pub(super) fn write(file: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<(), Trouble> {
    use std::io::Write;
    let file = file.as_ref();
    let written = std::fs::File::options().write(true).open(file).and_then(|mut open| open.write(content.as_ref()));
    written.map(drop).during(&format!("writing {}", file.display()))
}

impl Trouble {
    pub(super) fn refused(call: &str, errno: Errno) -> Self {
        Self::Refused { call: call.to_owned(), errno: errno as i32 }
    }

    /// A call that was answered, and not as it should have been.
    pub(super) fn odd(call: &str, what: &str) -> Self {
        Self::Known(Cause::new(Kind::Unknown, format!("{call} succeeds, and {what}"), LOOK))
    }

    /// The trial took too long, or its process was killed.
    pub(super) fn no_answer() -> Self {
        let why = "the trial was killed, or did not end in time";
        Self::Known(Cause::new(Kind::Unknown, why, LOOK))
    }

    pub(super) fn is(&self, errnos: &[Errno]) -> bool {
        matches!(self, Self::Refused { errno, .. } if errnos.contains(&Errno::from_raw(*errno)))
    }

    /// True when this call was refused.
    pub(super) fn is_about(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { call, .. } if call == wanted)
    }

    /// Who is behind it, as far as this process can see.
    pub(super) fn cause(self) -> Cause {
        match self {
            Self::Known(cause) => cause,
            Self::Refused { call, errno } => of_refusal(&Here, &call, Errno::from_raw(errno)),
        }
    }
}

/// What a disk answers that has no room left.
pub(super) const FULL: [Errno; 2] = [Errno::ENOSPC, Errno::EDQUOT];

/// True when a trial found no room to write.
pub(super) fn is_full(trouble: &Trouble) -> bool {
    trouble.is(&FULL) || matches!(trouble, Trouble::Known(cause) if cause.kind == Kind::FileSystem)
}

const LOOK: &str = "see what the kernel says: `sudo dmesg | tail`";

// ANCHOR: of_refusal
/// From the surest sign to the weakest.
fn of_refusal(host: &dyn Host, call: &str, errno: Errno) -> Cause {
    let known = if host.wsl() == Some(1) {
        Some(Cause::wsl1())
    } else if !host.has("/proc/self/status") {
        Some(Cause::no_proc())
    } else if call.contains("CLONE_NEWUSER") {
        Some(Cause::of_no_user_namespace(host, errno))
    } else if errno == Errno::ENOSYS {
        Some(absent(host, call))
    } else if call.starts_with("unshare") || call.starts_with("clone3") {
        no_namespace(host, call, errno)
    } else if FULL.contains(&errno) {
        Some(Cause::new(Kind::FileSystem, format!("{call} found no room left"), "make room: `df -h` and `df -i`"))
    } else if errno == Errno::ENODEV || errno == Errno::ENOENT {
        no_file_system(host, call)
    } else if call.starts_with("mounting overlay") && errno == Errno::EPERM && is_too_old_for_overlays(host) {
        Some(Cause::overlay_for_root())
    } else if call == "pivot_root" && errno == Errno::EINVAL && host.has_initramfs_root() {
        Some(refusal::initramfs())
    } else {
        ["/proc", "/sys"].iter().filter(|whole| call.ends_with(*whole)).find_map(|whole| Cause::masked(host, whole))
    };
    known.or_else(|| of_missing_right(host, call, errno)).unwrap_or_else(|| unknown(call, errno))
}
// ANCHOR_END: of_refusal

fn is_too_old_for_overlays(host: &dyn Host) -> bool {
    let is_ordinary = !host.may(Capability::SysAdmin) || !host.is_in_first_user_namespace();
    is_ordinary && !host.is_kernel_at_least(5, 11)
}

fn of_missing_right(host: &dyn Host, call: &str, errno: Errno) -> Option<Cause> {
    if !matches!(errno, Errno::EPERM | Errno::EACCES) {
        return None;
    }
    let guard = Cause::of_a_guard(host, errno);
    let why = || format!("{call} is for root of the host");
    guard.or_else(|| (!host.may(Capability::SysAdmin)).then(|| Cause::not_root(host, &why())))
}

fn no_namespace(host: &dyn Host, call: &str, errno: Errno) -> Option<Cause> {
    let kind = refusal::kind_of(call)?;
    match errno {
        Errno::ENOSPC | Errno::EUSERS => {
            let limit = host.sysctl(&format!("user.max_{kind}_namespaces"));
            Some(Cause::used_up(kind, limit.as_deref()))
        }
        Errno::EINVAL => refusal::unknown_kind(host, kind),
        _ => None,
    }
}

/// `mounting FSTYPE on …`: the kernel may lack the file system, or only its module.
fn no_file_system(host: &dyn Host, call: &str) -> Option<Cause> {
    let fstype = call.strip_prefix("mounting ")?.split(' ').next()?;
    let known = host.text("/proc/filesystems")?;
    let is_known = known.lines().any(|line| line.split_whitespace().last() == Some(fstype));
    (!is_known).then(|| Cause::no_file_system(host, fstype))
}

fn absent(host: &dyn Host, call: &str) -> Cause {
    if host.is_filtered() { Cause::seccomp(host) } else { Cause::kernel(host, call, "boot a newer kernel") }
}

fn unknown(call: &str, errno: Errno) -> Cause {
    let why = format!("{call} was refused with {errno:?}, and nobody in sight forbids it");
    Cause::new(Kind::Unknown, why, LOOK)
}

#[cfg(test)]
mod tests;
