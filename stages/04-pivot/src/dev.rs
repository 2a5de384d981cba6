//! /dev: six devices that can do no harm, terminals, shared memory and message queues.
//!
//! Made in the hand before the pivot, because devices that cannot be made are borrowed from the host; attached after it,
//! because then a symbolic link in the new root leads nowhere else. The list is that of the OCI runtime specification,
//! config-linux.md, "Default Devices".

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::Result;
use groundwork::kernel::MountAttrFlags;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::sys::stat::SFlag;

use crate::furnish::{Furniture, HARMLESS};

/// Name, major, minor. See Documentation/admin-guide/devices.txt.
const DEVICES: [(&str, u64, u64); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("pts/ptmx", "ptmx"),
];

/// A /dev in the hand, attached nowhere yet.
#[derive(Debug)]
pub struct Dev {
    tmpfs: OwnedFd,
    /// The host's own, for those that cannot be made.
    borrowed: Vec<(&'static str, OwnedFd)>,
    has_tty_group: bool,
}

impl Dev {
    // ANCHOR: hold
    /// Makes a /dev while the host can still be seen.
    ///
    /// # Errors
    /// Those of fsopen(2), mknod(2) and open_tree(2).
    pub(crate) fn hold(kernel: &Kernel, furniture: Furniture) -> Result<Self> {
        let tmpfs = empty(kernel)?;
        let mask = kernel.because("the umask would take away what everyone may do with a device").umask(0)?;
        let mut borrowed = Vec::new();
        for (name, major, minor) in DEVICES {
            if furniture.rootless || !make(kernel, tmpfs.as_fd(), name, (major, minor))? {
                borrowed.push((name, borrow(kernel, tmpfs.as_fd(), name)?));
            }
        }
        kernel.because("for every other file it stays as it was").umask(mask)?;
        Ok(Self { tmpfs, borrowed, has_tty_group: furniture.has_tty_group })
    }
    // ANCHOR_END: hold

    // ANCHOR: attach
    /// Puts it at /dev, after the old root is gone.
    ///
    /// # Errors
    /// Those of move_mount(2); ENOENT when there is no /dev, EINVAL when it is a symbolic link.
    pub fn attach(self, kernel: &Kernel) -> Result<()> {
        kernel.because("no link in this root can lead it elsewhere now").move_mount(self.tmpfs.as_fd(), "/dev")?;
        let dev = Path::new("/dev");
        for (name, device) in &self.borrowed {
            let asking = kernel.because("the node itself stays on the host, and with it the right to make one");
            asking.move_mount(device.as_fd(), dev.join(name))?;
        }
        for (target, link) in LINKS {
            kernel.because("shells and scripts use this name").symlink(target, dev.join(link))?;
        }
        terminals(kernel, &dev.join("pts"), self.has_tty_group)?;
        shared_memory(kernel, &dev.join("shm"))?;
        message_queues(kernel, &dev.join("mqueue"))
    }
    // ANCHOR_END: attach

    /// What will be at /dev, besides the directory itself.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let devices = DEVICES.iter().map(|(name, _, _)| *name);
        devices.chain(LINKS.iter().map(|(_, name)| *name)).chain(["pts", "shm", "mqueue"])
    }
}

fn empty(kernel: &Kernel) -> Result<OwnedFd> {
    let tmpfs = kernel.because("a fresh /dev, made in the hand: the host's has its disks in it").fsopen("tmpfs")?;
    let tmpfs = tmpfs.as_fd();
    kernel.because("findmnt(8) shows this name").fsconfig_set_string(tmpfs, "source", "tmpfs".as_ref())?;
    kernel.because("everyone may look, root may change").fsconfig_set_string(tmpfs, "mode", "755".as_ref())?;
    kernel.because("devices take no room; what else is put there may not eat up the memory").fsconfig_set_string(
        tmpfs,
        "size",
        "65536k".as_ref(),
    )?;
    kernel.because("all is said").fsconfig_create(tmpfs)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
    kernel.because("a mount of it, attached nowhere yet").fsmount_with(tmpfs, attributes)
}

// ANCHOR: make
/// Makes a device, or says that the kernel refuses: without CAP_MKNOD, or where a device cgroup forbids it.
fn make(kernel: &Kernel, dev: BorrowedFd<'_>, name: &str, numbers: (u64, u64)) -> Result<bool> {
    let made = kernel.because("programs read and write this device without asking").mknodat(
        dev,
        name.as_ref(),
        SFlag::S_IFCHR,
        0o666,
        numbers,
    );
    match made {
        Err(error) if Refused::errno_of(&error) == Some(Errno::EPERM) => Ok(false),
        made => made.map(|()| true),
    }
}

/// Takes the host's device in the hand, and makes a file to mount it on.
fn borrow(kernel: &Kernel, dev: BorrowedFd<'_>, name: &str) -> Result<OwnedFd> {
    kernel.because("no device can be made here: the host's will be mounted on a file of that name").mknodat(
        dev,
        name.as_ref(),
        SFlag::S_IFREG,
        0o666,
        (0, 0),
    )?;
    kernel.because("the host's, while it can be seen").open_tree(Path::new("/dev").join(name))
}
// ANCHOR_END: make

fn terminals(kernel: &Kernel, pts: &Path, has_tty_group: bool) -> Result<()> {
    kernel.because("a mount needs a place").mkdir(pts, 0o755)?;
    let group = if has_tty_group { ",gid=5" } else { "" };
    kernel.because("terminals of its own: the host's are not to be typed into").mount(
        Some("devpts".as_ref()),
        pts,
        Some("devpts"),
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        Some(&format!("newinstance,ptmxmode=0666,mode=0620{group}")),
    )
}

fn shared_memory(kernel: &Kernel, shm: &Path) -> Result<()> {
    kernel.because("a mount needs a place").mkdir(shm, 0o755)?;
    kernel.because("shm_open(3) keeps its objects here").mount(
        Some("tmpfs".as_ref()),
        shm,
        Some("tmpfs"),
        HARMLESS,
        Some("mode=1777,size=65536k"),
    )
}

fn message_queues(kernel: &Kernel, mqueue: &Path) -> Result<()> {
    kernel.because("a mount needs a place").mkdir(mqueue, 0o755)?;
    kernel.because("mq_open(3) keeps its queues here: those of this IPC namespace").mount(
        Some("mqueue".as_ref()),
        mqueue,
        Some("mqueue"),
        HARMLESS,
        None,
    )
}
