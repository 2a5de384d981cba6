//! The root of a sandbox: the host's programs and settings, read-only, and everything else new and empty.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, chroot, pivot_root};

use super::plan::Plan;

/// What of the host is shown. Homes, /var and /run are not: they are nobody's business.
const SHOWN: [&str; 11] = ["bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix", "gnu"];
/// Folders that can be written to; together they may hold as much as the plan says.
const WRITABLE: [(&str, u32); 6] =
    [("work", 0o1777), ("tmp", 0o1777), ("home", 0o1777), ("run", 0o755), ("var", 0o755), ("mnt", 0o755)];
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const NOTHING: Option<&str> = None;

/// Builds the root and moves into it.
pub(super) fn furnish(plan: &Plan) -> Result<()> {
    mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)
        .context("making all mounts private")?;
    let base = &plan.base;
    new(base, "tmpfs", MsFlags::empty(), Some("mode=755,size=1m"))?;
    for name in SHOWN {
        show_entry(base, name)?;
    }
    writable(base, plan.disk)?;
    for (from, to) in &plan.shown {
        show(from, &place_for(base, from, to)?)?;
    }
    for folder in &plan.writable {
        bind(folder, &place_for(base, folder, folder)?)?;
    }
    mask(base)?;
    processes(base)?;
    devices(base)?;
    system(base, plan)?;
    move_to(base)?;
    mount(NOTHING, "/", NOTHING, MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY, NOTHING)
        .context("making / read-only")
}

/// A path of the sandbox, before it is the root.
fn within(base: &Path, path: &Path) -> PathBuf {
    base.join(path.strip_prefix("/").unwrap_or(path))
}

/// A directory is shown on a directory, a file on a file.
fn place_for(base: &Path, from: &Path, to: &Path) -> Result<PathBuf> {
    let place = within(base, to);
    let folder = if from.is_dir() { &place } else { place.parent().unwrap_or(base) };
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    if !from.is_dir() {
        File::create(&place).with_context(|| place.display().to_string())?;
    }
    Ok(place)
}

fn new(place: &Path, kind: &str, flags: MsFlags, options: Option<&str>) -> Result<()> {
    fs::create_dir_all(place).with_context(|| place.display().to_string())?;
    mount(Some(kind), place, Some(kind), flags, options).with_context(|| format!("mounting {kind} on {place:?}"))
}

/// A link of the host's root as it is, a directory bound and read-only.
fn show_entry(base: &Path, name: &str) -> Result<()> {
    let from = Path::new("/").join(name);
    let Ok(about) = from.symlink_metadata() else { return Ok(()) };
    let place = base.join(name);
    if about.is_symlink() {
        return symlink(fs::read_link(&from)?, &place).with_context(|| place.display().to_string());
    }
    fs::create_dir(&place).with_context(|| place.display().to_string())?;
    show(&from, &place)
}

fn show(from: &Path, place: &Path) -> Result<()> {
    bind(from, place)?;
    read_only_below(place)
}

fn bind(from: &Path, place: &Path) -> Result<()> {
    mount(Some(from), place, NOTHING, MsFlags::MS_BIND | MsFlags::MS_REC, NOTHING)
        .with_context(|| format!("binding {from:?} on {place:?}"))
}

/// A bind mount is made read-only one by one, each with the flags it has: in a user namespace none may be lost.
fn read_only_below(place: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("mountinfo")?;
    for line in mounts.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        let (Some(target), Some(options)) = (fields.get(4), fields.get(5)) else { continue };
        let target = PathBuf::from(unescaped(target));
        if target.starts_with(place) {
            let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | flags(options);
            mount(NOTHING, &target, NOTHING, flags, NOTHING).with_context(|| format!("making {target:?} read-only"))?;
        }
    }
    Ok(())
}

fn flags(options: &str) -> MsFlags {
    let flag = |word: &str| match word {
        "nosuid" => MsFlags::MS_NOSUID,
        "nodev" => MsFlags::MS_NODEV,
        "noexec" => MsFlags::MS_NOEXEC,
        "noatime" => MsFlags::MS_NOATIME,
        "nodiratime" => MsFlags::MS_NODIRATIME,
        "relatime" => MsFlags::MS_RELATIME,
        _ => MsFlags::empty(),
    };
    options.split(',').map(flag).collect()
}

/// mountinfo writes a space as `\040`.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(text.to_owned(), |text, (code, letter)| text.replace(code, letter))
}

fn writable(base: &Path, most: u64) -> Result<()> {
    let all = base.join(".writable");
    new(&all, "tmpfs", MsFlags::MS_NODEV, Some(&format!("mode=755,size={most}")))?;
    for (name, mode) in WRITABLE {
        let (from, place) = (all.join(name), base.join(name));
        fs::create_dir(&from).with_context(|| from.display().to_string())?;
        set_mode(&from, mode)?;
        fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
        bind(&from, &place)?;
    }
    for (name, mode) in [("home/learner", 0o1777), ("var/tmp", 0o1777), ("var/lib", 0o755)] {
        let place = base.join(name);
        fs::create_dir(&place).with_context(|| place.display().to_string())?;
        set_mode(&place, mode)?;
    }
    symlink("/run", base.join("var/run")).context("/var/run")?;
    // The binds stay; the way to all of them at once goes.
    umount2(&all, MntFlags::MNT_DETACH).context("umount")?;
    fs::remove_dir(&all).context("rmdir")
}

fn set_mode(place: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place, fs::Permissions::from_mode(mode)).with_context(|| place.display().to_string())
}

/// newuidmap(1) has no rights in here, because its owner is not mapped: so nobody shall count on its grants. The rest is
/// for root's eyes only, and root may be who runs in here.
const MASKED: [&str; 7] =
    ["etc/subuid", "etc/subgid", "etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-", "etc/sudoers"];
const MASKED_FOLDERS: [&str; 2] = ["etc/ssh", "etc/ssl/private"];

fn mask(base: &Path) -> Result<()> {
    for place in MASKED.map(|name| base.join(name)).iter().filter(|place| place.exists()) {
        bind(Path::new("/dev/null"), place)?;
    }
    for place in MASKED_FOLDERS.map(|name| base.join(name)).iter().filter(|place| place.is_dir()) {
        new(place, "tmpfs", MsFlags::MS_RDONLY, Some("mode=755,size=4k"))?;
    }
    Ok(())
}

fn processes(base: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    new(&base.join("proc"), "proc", flags, None)
}

fn devices(base: &Path) -> Result<()> {
    let dev = base.join("dev");
    new(&dev, "tmpfs", MsFlags::MS_NOSUID, Some("mode=755,size=1m"))?;
    for name in DEVICES {
        let (from, place) = (Path::new("/dev").join(name), dev.join(name));
        File::create(&place).with_context(|| place.display().to_string())?;
        bind(&from, &place)?;
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), dev.join(name)).context("a link in /dev")?;
    }
    symlink("pts/ptmx", dev.join("ptmx")).context("/dev/ptmx")?;
    new(&dev.join("shm"), "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=1777,size=16m"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    // Where these two are refused, doctor finds it out, and says so.
    let _ = new(&dev.join("pts"), "devpts", flags, Some("newinstance,ptmxmode=0666,mode=620"));
    let _ = new(&dev.join("mqueue"), "mqueue", flags | MsFlags::MS_NODEV, None);
    Ok(())
}

/// /sys shows the network and the cgroups of whoever mounts it.
fn system(base: &Path, plan: &Plan) -> Result<()> {
    let place = base.join("sys");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    if new(&place, "sysfs", flags, None).is_err() {
        return show(Path::new("/sys"), &place);
    }
    for (at, options) in &plan.cgroups {
        let place = within(base, at);
        if place.starts_with(base.join("sys/fs/cgroup")) && place != base.join("sys/fs/cgroup") {
            cover(&base.join("sys/fs/cgroup"))?;
        }
        let (kind, options) = if options.is_empty() { ("cgroup2", None) } else { ("cgroup", Some(options.as_str())) };
        let _ = new(&place, kind, flags, options);
    }
    Ok(())
}

/// v1 hierarchies have their mount points on a tmpfs: once, and not over those that are there already.
fn cover(place: &Path) -> Result<()> {
    let about = nix::sys::statfs::statfs(place).context("statfs")?;
    if about.filesystem_type() == nix::sys::statfs::TMPFS_MAGIC {
        return Ok(());
    }
    new(place, "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755,size=1m"))
}

/// The base becomes "/", and what was is let go.
fn move_to(base: &Path) -> Result<()> {
    chdir(base).context("chdir")?;
    if pivot_root(".", ".").is_ok() {
        return umount2(".", MntFlags::MNT_DETACH).context("umount2");
    }
    // An initial ramfs cannot be moved away: we move over it.
    mount(Some("."), "/", NOTHING, MsFlags::MS_MOVE, NOTHING).context("moving the new root onto the old one")?;
    chroot(".").context("chroot")?;
    chdir("/").context("chdir")
}

/// A host has a network with at least itself in it.
pub(super) fn loopback_up() -> Result<()> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    use std::os::fd::AsRawFd;
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).context("socket")?;
    super::interface::bring_up(socket.as_raw_fd(), "lo")
}
