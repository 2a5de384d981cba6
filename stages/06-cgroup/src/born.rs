//! A process whose first instruction of its own is already inside.

use anyhow::Result;
use groundwork::kernel::Born;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::sched::CloneFlags;

use crate::cgroup::Cgroup;

/// A birth, and how far inside it was.
#[derive(Debug)]
pub struct Birth {
    /// Which side of it this process is.
    pub born: Born,
    /// What the child must hand to [`Cgroup::enter`].
    pub is_inside: bool,
}

impl Cgroup {
    // ANCHOR: birth
    /// A child that is born inside where clone3(2) knows how. It calls [`Cgroup::enter`] before anything else.
    ///
    /// The obvious way, to fork and then to write the child's PID into cgroup.procs, has the child wait meanwhile; and the
    /// write takes 5 to 16 ms, because the kernel first makes sure that no process anywhere is just making a thread.
    /// CLONE_INTO_CGROUP, since Linux 5.7, needs neither.
    ///
    /// # Errors
    /// Those of clone3(2): EAGAIN past a limit on processes; EACCES where the cgroup may not be entered.
    pub fn birth(&self, kernel: &Kernel) -> Result<Birth> {
        let place = self.birthplace();
        let born = kernel.because(self.reason_of_birth()).clone3(CloneFlags::empty(), place);
        match born {
            Ok(born) => Ok(Birth { born, is_inside: place.is_some() }),
            Err(error) if is_unknown(&error) => {
                let born = kernel
                    .because("no clone3 here: the child is born outside, and enters before it does anything else")
                    .clone(CloneFlags::empty())?;
                Ok(Birth { born, is_inside: false })
            }
            Err(error) => Err(error),
        }
    }
    // ANCHOR_END: birth

    fn reason_of_birth(&self) -> &'static str {
        match (self.birthplace(), self.directory()) {
            (Some(_), Some(_)) => "the limits hold from the child's first instruction, because it is born inside them",
            (Some(_), None) => {
                "the child is born in the cgroup2 tree, and enters the others before it does anything else"
            }
            (None, _) => "the child enters its cgroups before it does anything else: only cgroup2 can be born into",
        }
    }
}

/// ENOSYS: the kernel is older than 5.3, or a seccomp filter hides the call. E2BIG: it is older than 5.7, and its clone3(2)
/// has no place for a cgroup.
fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(Refused::errno_of(error), Some(Errno::ENOSYS | Errno::E2BIG))
}
