//! What was asked for, as plain data: kept beside the container, so that `exec` and `ps` can read it again.

use std::ffi::OsString;
use std::path::PathBuf;

use cgroup::Limits;
use groundwork::program::DEFAULT_PATH;
use serde::{Deserialize, Serialize};

use crate::who::Identity;

/// A container as it was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The name by which the other verbs know it.
    pub name: String,
    /// The name it has for itself.
    pub hostname: String,
    /// The read-only layers, lowest first.
    pub layers: Vec<PathBuf>,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The environment, over [`Spec::defaults`].
    pub variables: Vec<(String, String)>,
    /// Where the program starts.
    pub directory: PathBuf,
    /// Whom it runs as.
    pub user: Identity,
    /// What of the host it may use.
    pub volumes: Vec<Mounted>,
    /// Directories that begin empty and vanish with the container.
    pub tmpfs: Vec<PathBuf>,
    /// True when the root may not be written to.
    pub read_only: bool,
    /// True when its root is the one layer itself, and nothing is laid over that.
    #[serde(default)]
    pub in_place: bool,
    /// How much it may use.
    pub limits: Limits,
    /// True when it vanishes as soon as it ends.
    pub ephemeral: bool,
    /// False when it was to have no cgroup.
    pub has_cgroup: bool,
    /// Which network it sees.
    pub network: Network,
    /// True when our init is PID 1, and the program its child.
    pub init: bool,
    /// True when the program gets a terminal of its own.
    pub terminal: bool,
    /// True when nobody stays with it.
    #[serde(default)]
    pub unattended: bool,
}

/// A volume, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mounted {
    /// On the host.
    pub source: PathBuf,
    /// In the container.
    pub target: PathBuf,
    /// True when it may not be written from inside.
    pub read_only: bool,
}

/// Which network a container sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Its own, with nothing but a loopback device
    #[default]
    None,
    /// The host's
    Host,
}

impl Spec {
    /// The environment of the program: the defaults, and over them what was asked for.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut pairs = self.defaults();
        for (name, value) in &self.variables {
            pairs.retain(|(known, _)| *known != **name);
            pairs.push((name.into(), value.into()));
        }
        pairs
    }

    /// True unless it shares the host's.
    pub fn has_own_network(&self) -> bool {
        self.network == Network::None
    }

    /// True when what it writes goes to a layer of its own.
    pub fn has_upper(&self) -> bool {
        !self.read_only && !self.in_place
    }

    /// What is mounted in the root besides its furniture.
    pub fn additions(&self) -> pivot::Additions {
        let volume = self.volumes.iter().map(pivot::Volume::from).collect();
        pivot::Additions { volume, tmpfs: self.tmpfs.clone(), read_only: self.read_only }
    }

    fn defaults(&self) -> Vec<(OsString, OsString)> {
        let home = if self.user.user == 0 { "/root" } else { "/" };
        let mut pairs: Vec<(OsString, OsString)> =
            vec![("PATH".into(), DEFAULT_PATH.into()), ("HOME".into(), home.into())];
        pairs.push(("HOSTNAME".into(), OsString::from(&self.hostname)));
        if self.terminal {
            pairs.push(("TERM".into(), std::env::var_os("TERM").unwrap_or_else(|| "xterm".into())));
        }
        pairs
    }
}

impl From<&Mounted> for pivot::Volume {
    fn from(mounted: &Mounted) -> Self {
        let Mounted { source, target, read_only } = mounted.clone();
        Self { source, target, read_only }
    }
}
