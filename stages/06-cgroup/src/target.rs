//! Which cgroup is meant: one by its path, or the one a process is in.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use nix::unistd::Pid;

use crate::cgroup::Cgroup;

/// A cgroup as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one that this process is in.
    Process(Pid),
    /// A directory, or its path below the top of a hierarchy.
    Path(PathBuf),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    /// Digits are a PID; a cgroup whose name is digits only can be named by its whole path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pid = text.parse().ok().filter(|pid| *pid > 0).map(Pid::from_raw);
        Ok(pid.map_or_else(|| Self::Path(text.into()), Self::Process))
    }
}

impl Target {
    /// The cgroup.
    ///
    /// # Errors
    /// There is none of that name, or the process is gone.
    pub fn cgroup(&self) -> Result<Cgroup> {
        match self {
            Self::Process(pid) => Cgroup::of_process(*pid),
            Self::Path(path) => Cgroup::of_path(path),
        }
    }

    /// The cgroup, when it may be stopped or killed as a whole.
    ///
    /// # Errors
    /// Also: the caller or PID 1 is in it, or it is the root of its hierarchy.
    pub fn cgroup_of_others(&self, what: &str) -> Result<Cgroup> {
        let cgroup = self.cgroup()?;
        let path = cgroup.path().display();
        ensure!(
            !cgroup.is_root()?,
            "{path} is the root of its hierarchy: everything on this host is in it, and it cannot be {what}"
        );
        if cgroup.holds_caller()? {
            bail!(
                "{path} holds this program too, and with it your shell; it cannot be {what} from inside. Give the command a cgroup of its own: limit -- COMMAND"
            );
        }
        ensure!(
            !cgroup.processes().contains(&Pid::from_raw(1)),
            "{path} holds PID 1: with it {what}, nothing here would work any more"
        );
        Ok(cgroup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_process_and_all_else_is_a_path() {
        let target = |text: &str| Target::from_str(text).unwrap();
        assert_eq!(target("12"), Target::Process(Pid::from_raw(12)));
        for path in ["./12", "a/b", "/sys/fs/cgroup/12", "-1", "0", ""] {
            assert_eq!(target(path), Target::Path(path.into()));
        }
    }
}
