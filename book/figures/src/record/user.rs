//! Who runs a program that is recorded.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::{Uid, getegid, geteuid};

use super::needs::Missing;
use crate::declared::Who;

/// A user of this host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    ids: (u32, u32),
    /// True when that is not us.
    is_another: bool,
}

impl User {
    /// The one who shall run it: root for root's runs, and for all others whoever runs this, unless that is root.
    pub(crate) fn of(who: Who) -> Result<Self, Missing> {
        let own = (geteuid().as_raw(), getegid().as_raw());
        match (who, geteuid().is_root()) {
            (Who::Root, true) | (Who::User, false) => Ok(Self { ids: own, is_another: false }),
            (Who::User, true) => Ok(Self { ids: ordinary(), is_another: true }),
            (Who::Root, false) => Err(Missing {
                need: "Root".to_owned(),
                why: "this is an ordinary user".to_owned(),
                remedy: "run the tests as root too".to_owned(),
            }),
        }
    }

    pub(crate) fn ids(&self) -> (u32, u32) {
        self.ids
    }

    /// Makes a command theirs.
    pub(crate) fn runs(self, command: &mut Command) {
        if self.is_another {
            command.uid(self.ids.0).gid(self.ids.1);
        }
    }

    /// Gives them a directory.
    pub(crate) fn owns(self, path: &std::path::Path) -> std::io::Result<()> {
        if self.is_another { std::os::unix::fs::chown(path, Some(self.ids.0), Some(self.ids.1)) } else { Ok(()) }
    }
}

/// Someone who has been granted ids, if there is one; otherwise nobody.
fn ordinary() -> (u32, u32) {
    let granted = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
    let owners = granted.lines().filter_map(|line| line.split(':').next());
    let known = |owner: &str| match owner.parse() {
        Ok(uid) => nix::unistd::User::from_uid(Uid::from_raw(uid)),
        Err(_) => nix::unistd::User::from_name(owner),
    };
    let mut users = owners.filter_map(|owner| known(owner).ok().flatten());
    users.find(|user| !user.uid.is_root()).map_or((65534, 65534), |user| (user.uid.as_raw(), user.gid.as_raw()))
}
