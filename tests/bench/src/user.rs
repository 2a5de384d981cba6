//! Who starts the contenders: root, as the runtimes are made for, or an ordinary user, for whom they make a user namespace.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::{Gid, Uid, User as Account, chown, getegid, geteuid, setgroups, setresgid, setresuid};

/// Somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Whoever runs the benchmark.
    Self_,
    /// Somebody ordinary, whom root becomes for it.
    Other(u32, u32),
}

/// We are somebody else as long as this is there.
pub struct Guard {
    is_other: bool,
}

/// Whom no file belongs to and nobody has granted anything, on every host.
const NOBODY: u32 = 65534;

impl User {
    /// An ordinary user: ourselves, or when we are root, whoever called sudo, or nobody.
    pub fn ordinary() -> Self {
        if !geteuid().is_root() {
            return Self::Self_;
        }
        let caller = std::env::var("SUDO_UID").ok().and_then(|id| id.parse().ok()).filter(|id| *id != 0);
        let user = caller.unwrap_or(NOBODY);
        let group = Account::from_uid(Uid::from_raw(user)).ok().flatten().map_or(user, |account| account.gid.as_raw());
        Self::Other(user, group)
    }

    /// The numbers of user and group.
    pub fn ids(self) -> (u32, u32) {
        match self {
            Self::Self_ => (geteuid().as_raw(), getegid().as_raw()),
            Self::Other(user, group) => (user, group),
        }
    }

    /// True for root.
    pub fn is_root(self) -> bool {
        self.ids().0 == 0
    }

    /// Hands a file or directory over to this user.
    ///
    /// # Errors
    /// It is not ours.
    pub fn owns(self, path: &Path) -> Result<()> {
        let Self::Other(user, group) = self else { return Ok(()) };
        chown(path, Some(Uid::from_raw(user)), Some(Gid::from_raw(group))).with_context(|| path.display().to_string())
    }

    /// Makes a directory of this user's.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn directory(self, path: &Path) -> Result<()> {
        fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        self.owns(path)
    }

    /// Becomes this user in a way that leads back: what is started meanwhile is this user's for good.
    ///
    /// # Errors
    /// We may not.
    pub fn become_it(self) -> Result<Guard> {
        if let Self::Other(user, group) = self {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
            setgroups(&[])?;
            setresgid(group, group, Gid::from_raw(0))?;
            setresuid(user, user, Uid::from_raw(0))?;
        }
        Ok(Guard { is_other: self != Self::Self_ })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_other {
            let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
            setresuid(user, user, user).expect("our saved user is root");
            setresgid(group, group, group).expect("root may be in any group");
        }
    }
}
