//! Who starts the contenders: root, as the runtimes are made for, or an ordinary user, for whom they make a user namespace.

use std::fs;
use std::marker::PhantomData;
use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::{Gid, Uid, User as Account, chown, getegid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Whoever runs the benchmark.
    Self_,
    /// Somebody ordinary, whom root becomes for it.
    Other(u32, u32),
}

/// This thread is somebody else as long as this is there.
pub struct Guard {
    is_other: bool,
    /// Another thread could not lead back.
    of_this_thread: PhantomData<*const ()>,
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

    /// This thread becomes this user in a way that leads back: what it starts meanwhile is this user's for good.
    ///
    /// To the kernel each thread has an identity of its own. setresuid(3) of the C library changes that of all threads;
    /// the call itself, setresuid(2), changes that of one, and the others go on as root.
    ///
    /// # Errors
    /// We may not.
    pub fn become_it(self) -> Result<Guard> {
        if let Self::Other(user, group) = self {
            set_thread_groups(&[])?;
            identify(user, group)?;
        }
        Ok(Guard { is_other: self != Self::Self_, of_this_thread: PhantomData })
    }
}

/// The saved ids stay root's, and lead back.
fn identify(user: u32, group: u32) -> rustix::io::Result<()> {
    let (user, group) = (rustix::fs::Uid::from_raw(user), rustix::fs::Gid::from_raw(group));
    set_thread_res_gid(group, group, rustix::fs::Gid::ROOT)?;
    set_thread_res_uid(user, user, rustix::fs::Uid::ROOT)
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_other {
            identify(0, 0).expect("our saved user is root");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_is_somebody_else_and_the_others_stay_who_they_are() {
        let before = geteuid();
        let (became, has_become) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || has_become.recv().map(|()| geteuid()));
        let guard = User::ordinary().become_it().unwrap();
        assert!(!geteuid().is_root());
        became.send(()).unwrap();
        assert_eq!(other.join().unwrap(), Ok(before));
        drop(guard);
        assert_eq!(geteuid(), before);
    }
}
