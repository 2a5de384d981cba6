//! What leaks out of a mount namespace, seen without danger: the host is played by another mount namespace.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use groundwork::{Kernel, mountinfo};
use nix::mount::MsFlags;
use nix::unistd::{ForkResult, Pid};

use crate::child::{die_with, quietly};
use crate::handshake::{Abandoned, Handshake};
use crate::mount::{Propagation, own_mounts, set_propagation};

/// Covered in the stand-in, and nowhere else: every host has this directory.
const STAGE: &str = "/tmp";

/// What was seen across the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// A mount made inside appeared on the stand-in for the host.
    pub outside: bool,
    /// A mount made on the stand-in for the host appeared inside.
    pub inside: bool,
}

/// Which process comes back from a trial.
pub enum Side {
    /// The stand-in for the host, with what it saw; nothing in a rehearsal.
    Outside(Option<Seen>),
    /// The one inside, which has done its part; or the stand-in, when the inside has failed and said why.
    Over(ExitCode),
}

// ANCHOR: stand_in
/// Turns this process into a stand-in for a host: mounts of its own, with one tree that is shared as systemd shares "/".
///
/// # Errors
/// Those of unshare(2) and mount(2).
pub fn become_stand_in(kernel: &Kernel) -> Result<()> {
    own_mounts(kernel, Propagation::Private)?;
    kernel
        .because("a stage to mount on, seen by this process alone: it covers the real directory until we end")
        .mount(Some("stage".as_ref()), STAGE, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, None)?;
    set_propagation(kernel, Propagation::Shared, STAGE.as_ref())
}
// ANCHOR_END: stand_in

// ANCHOR: try_one
/// Mounts something on each side of a wall with this propagation, and looks whether the other side sees it.
///
/// # Errors
/// Those of fork(2), unshare(2) and mount(2).
pub fn try_one(kernel: &Kernel, propagation: Propagation, name: &str) -> Result<Side> {
    let places = Places::make(kernel, name)?;
    let (outer, inner) = Handshake::pair()?;
    match kernel.because("a process for the inside of the wall").fork()? {
        ForkResult::Child => {
            drop(outer);
            let done = mount_inside(kernel, propagation, &places, &inner);
            quietly(done.map(|()| ExitCode::SUCCESS)).map(Side::Over)
        }
        ForkResult::Parent { child } => {
            drop(inner);
            let seen = look(kernel, &places, child, &outer);
            drop(outer);
            let ended = kernel.because("the trial is over when the inside is gone").wait4(child)?;
            match seen {
                Err(error) if error.is::<Abandoned>() => Ok(Side::Over(ended.into())),
                seen => seen.map(Side::Outside),
            }
        }
    }
}

fn mount_inside(kernel: &Kernel, propagation: Propagation, places: &Places, host: &Handshake) -> Result<()> {
    die_with(kernel, host)?;
    own_mounts(kernel, propagation)?;
    mount_one(kernel, "something mounted inside: does the host see it?", &places.inside)?;
    host.release(kernel, "the inside has mounted its part")?;
    host.wait(kernel, "with this process its mounts would end: it stays until the host has looked")
}

fn look(kernel: &Kernel, places: &Places, child: Pid, inside: &Handshake) -> Result<Option<Seen>> {
    inside.wait(kernel, "the inside mounts first")?;
    mount_one(kernel, "something mounted by the host: does the inside see it?", &places.outside)?;
    let seen = Seen {
        outside: is_mounted(&mountinfo::mounts()?, &places.inside),
        inside: is_mounted(&mountinfo::mounts_of(&child.to_string())?, &places.outside),
    };
    inside.release(kernel, "both sides have been looked at")?;
    Ok((!kernel.is_rehearsing()).then_some(seen))
}
// ANCHOR_END: try_one

fn is_mounted(mounts: &[mountinfo::Mount], place: &Path) -> bool {
    mounts.iter().any(|mount| mount.target == place)
}

fn mount_one(kernel: &Kernel, reason: &'static str, place: &Path) -> Result<()> {
    kernel.because(reason).mount(Some("trial".as_ref()), place, Some("tmpfs"), MsFlags::empty(), None)
}

/// Where the two sides mount.
struct Places {
    inside: PathBuf,
    outside: PathBuf,
}

impl Places {
    fn make(kernel: &Kernel, name: &str) -> Result<Self> {
        let stage = Path::new(STAGE);
        let places =
            Self { inside: stage.join(format!("{name}-inside")), outside: stage.join(format!("{name}-outside")) };
        kernel.because("a place for what is mounted inside").mkdir(&places.inside, 0o755)?;
        kernel.because("a place for what the host mounts").mkdir(&places.outside, 0o755)?;
        Ok(places)
    }
}
