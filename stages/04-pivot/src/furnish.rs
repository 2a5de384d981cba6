//! What programs expect to find in any root: /proc, /dev and /sys.

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;

/// What the kernel will let us put there.
#[derive(Clone, Copy, Debug)]
pub struct Furniture {
    /// True inside a user namespace of an ordinary user: device nodes are then borrowed from the host, not made.
    pub rootless: bool,
    /// True when the network namespace is our own: /sys shows its devices, and may be mounted anew.
    pub own_network: bool,
}

/// The devices that every root has: name, major, minor. See Documentation/admin-guide/devices.txt.
const DEVICES: [(&str, u64, u64); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("pts/ptmx", "ptmx"),
];

/// Nothing mounted here is a way to gain rights, to reach a device or to run a file.
const HARMLESS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

// ANCHOR: furnish
/// Mounts /proc, /dev and /sys below `root`, while the host's own can still be seen.
///
/// # Errors
/// Those of mount(2) and mknod(2); ENOENT when `root` has no such directory.
pub fn furnish(kernel: &Kernel, root: &Path, furniture: Furniture) -> Result<()> {
    kernel.because("/proc shows the PID namespace of the process that mounts it").mount(
        Some("proc".as_ref()),
        root.join("proc"),
        Some("proc"),
        HARMLESS,
        None,
    )?;
    devices(kernel, &root.join("dev"), furniture.rootless)?;
    system(kernel, &root.join("sys"), furniture.own_network)
}
// ANCHOR_END: furnish

fn devices(kernel: &Kernel, dev: &Path, rootless: bool) -> Result<()> {
    let tmpfs = MsFlags::MS_NOSUID | MsFlags::MS_STRICTATIME;
    kernel.because("a fresh /dev: the host's has its disks in it").mount(
        Some("tmpfs".as_ref()),
        dev,
        Some("tmpfs"),
        tmpfs,
        Some("mode=755,size=65536k"),
    )?;
    for (name, major, minor) in DEVICES {
        if rootless { borrow_node(kernel, dev, name)? } else { make_node(kernel, dev, name, major, minor)? }
    }
    for (target, link) in LINKS {
        kernel.because("shells and scripts use this name").symlink(target, dev.join(link))?;
    }
    terminals(kernel, &dev.join("pts"), rootless)?;
    shared_memory(kernel, dev)
}

fn make_node(kernel: &Kernel, dev: &Path, name: &str, major: u64, minor: u64) -> Result<()> {
    kernel.because("programs read and write this device without asking").mknod(dev.join(name), 0o666, major, minor)?;
    kernel.because("the umask took bits away").chmod(dev.join(name), 0o666)
}

fn borrow_node(kernel: &Kernel, dev: &Path, name: &str) -> Result<()> {
    kernel
        .because("no device can be made in a user namespace: the host's is mounted on a file")
        .create_file(dev.join(name), 0o666)?;
    let host = Path::new("/dev").join(name);
    kernel.because("the node itself stays on the host, and with it the right to make one").mount(
        Some(&host),
        dev.join(name),
        None,
        MsFlags::MS_BIND,
        None,
    )
}

fn terminals(kernel: &Kernel, pts: &Path, rootless: bool) -> Result<()> {
    kernel.because("a mount needs a place").mkdir(pts, 0o755)?;
    // Group 5 is "tty" everywhere; a namespace with a single id has no such group.
    let options =
        if rootless { "newinstance,ptmxmode=0666,mode=0620" } else { "newinstance,ptmxmode=0666,mode=0620,gid=5" };
    kernel.because("terminals of its own: the host's are not to be typed into").mount(
        Some("devpts".as_ref()),
        pts,
        Some("devpts"),
        MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
        Some(options),
    )
}

fn shared_memory(kernel: &Kernel, dev: &Path) -> Result<()> {
    kernel.because("a mount needs a place").mkdir(dev.join("shm"), 0o755)?;
    kernel.because("shm_open(3) keeps its objects here").mount(
        Some("tmpfs".as_ref()),
        dev.join("shm"),
        Some("tmpfs"),
        HARMLESS,
        Some("mode=1777,size=65536k"),
    )?;
    kernel.because("a mount needs a place").mkdir(dev.join("mqueue"), 0o755)?;
    kernel.because("mq_open(3) keeps its queues here: those of this IPC namespace").mount(
        Some("mqueue".as_ref()),
        dev.join("mqueue"),
        Some("mqueue"),
        HARMLESS,
        None,
    )
}

fn system(kernel: &Kernel, sys: &Path, own_network: bool) -> Result<()> {
    if own_network {
        return kernel
            .because("the kernel and its devices, to read: one kernel serves every container, so none may set it")
            .mount(Some("sysfs".as_ref()), sys, Some("sysfs"), HARMLESS | MsFlags::MS_RDONLY, None);
    }
    kernel.because("a new sysfs would need a network namespace of our own: the host's is shown instead").mount(
        Some("/sys".as_ref()),
        sys,
        None,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None,
    )?;
    kernel.because("one kernel serves every container, so none may set it").mount_setattr_rdonly(sys, true)
}

/// Mounts an empty directory that lives in memory.
///
/// # Errors
/// ENOENT when there is no such place; those of mount(2).
pub fn mount_tmpfs(kernel: &Kernel, place: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    kernel
        .because("what is written here is gone with the mount namespace")
        .mount(Some("tmpfs".as_ref()), place, Some("tmpfs"), flags, Some("mode=1777"))
}
