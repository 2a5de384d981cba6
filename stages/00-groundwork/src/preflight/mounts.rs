//! What a container's root is made of, mounted in a place that only the trial sees.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use crate::cause::Cause;
use crate::host::{Capability, Here, Host};
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch::{directory, inode, mount_on, place, uts_named};
use crate::preflight::throwaway::in_child;
use crate::preflight::trouble::{During, Tried, Trouble};

const NOTHING: Option<&str> = None;

pub(super) fn own_mounts() -> Tried {
    become_able(Capability::SysAdmin)?;
    std::fs::write(place()?.join("file"), "written").during("writing to a tmpfs")?;
    Ok(Verdict::works())
}

pub(super) fn chroot() -> Tried {
    become_able(Capability::SysChroot)?;
    nix::unistd::chroot("/").during("chroot")?;
    Ok(Verdict::works())
}

// ANCHOR: pivot_root
/// The way stage 04 goes: the new root a mount of its own, the old one stacked on it and let go.
pub(super) fn pivot_root() -> Tried {
    become_able(Capability::SysAdmin)?;
    let root = place()?;
    std::fs::write(root.join("new"), "").during("writing to a tmpfs")?;
    nix::unistd::chdir(&root).during("chdir")?;
    nix::unistd::pivot_root(".", ".").during("pivot_root")?;
    umount2(".", MntFlags::MNT_DETACH).during("unmounting the old root")?;
    let is_new = Path::new("/new").exists() && !Path::new("/proc").exists();
    if is_new { Ok(Verdict::works()) } else { Err(Trouble::odd("pivot_root", "the root is the old one")) }
}
// ANCHOR_END: pivot_root

pub(super) fn proc() -> Tried {
    become_able(Capability::SysAdmin)?;
    proc_in(&place()?)
}

/// A child in a PID namespace of its own mounts /proc, and finds itself there.
pub(super) fn proc_in(place: &Path) -> Tried {
    unshare(CloneFlags::CLONE_NEWPID).during("unshare(CLONE_NEWPID)")?;
    in_child(|| {
        let proc = directory(place, "proc")?;
        mount_on(&proc, "proc", MsFlags::empty())?;
        match std::fs::read_link(proc.join("self")) {
            Ok(pid) if pid == Path::new("1") => Ok(Verdict::works()),
            _ => Err(Trouble::odd("mounting proc", "it shows another PID namespace")),
        }
    })
}

pub(super) fn sysfs() -> Tried {
    become_able(Capability::SysAdmin)?;
    unshare(CloneFlags::CLONE_NEWNET).during("unshare(CLONE_NEWNET)")?;
    let sys = directory(&place()?, "sys")?;
    mount_on(&sys, "sysfs", MsFlags::MS_RDONLY)?;
    Ok(Verdict::works())
}

pub(super) fn mqueue() -> Tried {
    become_able(Capability::SysAdmin)?;
    unshare(CloneFlags::CLONE_NEWIPC).during("unshare(CLONE_NEWIPC)")?;
    let mqueue = directory(&place()?, "mqueue")?;
    mount_on(&mqueue, "mqueue", MsFlags::empty())?;
    Ok(Verdict::works())
}

pub(super) fn pty() -> Tried {
    become_able(Capability::SysAdmin)?;
    let pts = directory(&place()?, "pts")?;
    let options = Some("newinstance,ptmxmode=0666,mode=0620");
    mount(Some("devpts"), &pts, Some("devpts"), MsFlags::empty(), options).during("mounting devpts on /dev/pts")?;
    let ours = open(&pts.join("ptmx"), OFlag::O_RDWR | OFlag::O_NOCTTY, Mode::empty()).during("opening ptmx")?;
    rustix::pty::unlockpt(&ours).during("unlockpt")?;
    open(&pts.join("0"), OFlag::O_RDWR | OFlag::O_NOCTTY, Mode::empty()).during("opening pts/0")?;
    Ok(Verdict::works())
}

/// A device that works proves more than a node that is there: a mount can be nodev, a cgroup can forbid it.
pub(super) fn device_nodes() -> Tried {
    become_able(Capability::SysAdmin)?;
    let null = place()?.join("null");
    let made = mknod(&null, SFlag::S_IFCHR, Mode::from_bits_retain(0o666), makedev(1, 3)).during("mknod");
    match made {
        Err(trouble) if trouble.is(&[Errno::EPERM]) => Ok(Verdict::Limited {
            what: "the host's devices are bound, where root would make nodes".to_owned(),
            cause: Cause::not_root(&Here, "only root of the host makes devices, whoever is root in a user namespace"),
        }),
        made => {
            made?;
            File::options()
                .write(true)
                .open(&null)
                .and_then(|mut null| null.write(b"x"))
                .during("writing to a device")?;
            Ok(Verdict::works())
        }
    }
}

// ANCHOR: keep_namespace
/// A file on which a namespace is mounted, left by its last process, and joined again.
pub(super) fn keep_namespace() -> Tried {
    let host: &dyn Host = &Here;
    let is_root = host.may(Capability::SysAdmin);
    become_able(Capability::SysAdmin)?;
    let kept = place()?.join("uts");
    File::create(&kept).during("creating a file")?;
    uts_named("kept")?;
    mount(Some("/proc/self/ns/uts"), &kept, NOTHING, MsFlags::MS_BIND, NOTHING).during("binding /proc/self/ns/uts")?;
    let first = inode(&kept)?;
    uts_named("another")?;
    setns(File::open(&kept).during("opening the kept namespace")?, CloneFlags::CLONE_NEWUTS)
        .during("setns(CLONE_NEWUTS)")?;
    if inode("/proc/self/ns/uts")? != first {
        return Err(Trouble::odd("setns", "the namespace is another"));
    }
    Ok(if is_root {
        Verdict::works()
    } else {
        let why = "an ordinary user may mount only where nobody outside looks: in a mount namespace of their own";
        Verdict::Limited {
            what: "kept for processes of one user namespace".to_owned(),
            cause: Cause::not_root(host, why),
        }
    })
}
// ANCHOR_END: keep_namespace
