//! The root of the machine: the one that the kernel unpacks, or a disk, to which everything is then moved.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, mount, mount_move};

use crate::tree::HOST_NAME;

/// How long a device may take to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// True when the host asks for it on the kernel's command line: `boxwright.disk`.
pub(super) fn is_asked(word: &str) -> bool {
    let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    line.split_whitespace().any(|asked| asked.strip_prefix("boxwright.") == Some(word))
}

/// What the kernel itself shows.
pub(super) fn mount_kernel_file_systems() -> Result<()> {
    let own = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    attach("proc", "/proc", own, "")?;
    attach("sysfs", "/sys", own, "")?;
    attach("devtmpfs", "/dev", MountFlags::NOSUID, "mode=0755")?;
    attach("devpts", "/dev/pts", MountFlags::NOSUID | MountFlags::NOEXEC, "mode=0620,gid=5,ptmxmode=0666")?;
    attach("tmpfs", "/dev/shm", MountFlags::NOSUID | MountFlags::NODEV, "mode=1777")?;
    attach("mqueue", "/dev/mqueue", own, "")?;
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), Path::new("/dev").join(name))?;
    }
    // The pseudoterminals of this devpts, and not those of the kernel's own.
    let _ = fs::set_permissions("/dev/ptmx", fs::Permissions::from_mode(0o666));
    Ok(())
}

fn attach(kind: &str, target: &str, flags: MountFlags, data: &str) -> Result<()> {
    fs::create_dir_all(target).with_context(|| target.to_owned())?;
    let data = std::ffi::CString::new(data)?;
    mount(kind, target, kind, flags, data.as_c_str()).with_context(|| format!("mount {kind} on {target}"))
}

/// In the order of their names, which the host has given them.
pub(super) fn load_modules() -> Result<()> {
    let entries = fs::read_dir("/boot/modules").context("/boot/modules")?;
    let mut modules = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    modules.sort();
    for module in modules {
        let file = File::open(&module)?;
        match rustix::system::finit_module(&file, c"", 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => eprintln!("vm: in the machine: {}: {errno}", module.display()),
        }
    }
    Ok(())
}

/// Makes the disk the root. The kernel's first root stays below, empty: it cannot be left.
pub(super) fn move_to_disk() -> Result<()> {
    await_file("/dev/vda")?;
    fs::create_dir_all("/new")?;
    mount("/dev/vda", "/new", "ext4", MountFlags::NOATIME, c"").context("mount /dev/vda")?;
    if Path::new("/new/etc").metadata()?.uid() != 0 {
        own(Path::new("/new"))?;
    }
    for name in ["proc", "sys", "dev"] {
        let (from, to) = (Path::new("/").join(name), Path::new("/new").join(name));
        mount_move(&from, &to).with_context(|| format!("moving {name}"))?;
    }
    relocate(Path::new("/boot"), Path::new("/new/boot"))?;
    for name in entries(Path::new("/"))?.iter().filter(|name| *name != "new") {
        let path = Path::new("/").join(name);
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
    // As switch_root(8) does.
    rustix::process::chdir("/new")?;
    mount_move(".", "/").context("moving the disk to /")?;
    rustix::process::chroot(".").context("chroot")?;
    rustix::process::chdir("/").context("chdir")
}

/// The disk was made by an ordinary user: everything on it belongs to that one, and shall belong to root.
fn own(path: &Path) -> Result<()> {
    let about = path.symlink_metadata()?;
    std::os::unix::fs::lchown(path, Some(0), Some(0)).with_context(|| path.display().to_string())?;
    // A change of owner takes away what the owner's name gave.
    if about.is_file() && about.mode() & 0o6000 != 0 {
        fs::set_permissions(path, about.permissions())?;
    }
    if about.is_dir() {
        for name in entries(path)? {
            own(&path.join(name))?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

/// The few files that belong to the kernel.
fn relocate(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for name in entries(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            relocate(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| to.display().to_string())?;
        }
    }
    Ok(())
}

/// Waits for a device: the kernel finds them while we go on.
pub(super) fn await_file(path: &str) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !Path::new(path).exists() {
        if Instant::now() > end {
            bail!("{path} does not show");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// What is left to do for a system to be one.
pub(super) fn furnish() -> Result<()> {
    let own = MountFlags::NOSUID | MountFlags::NODEV;
    attach("tmpfs", "/run", own, "mode=0755")?;
    fs::create_dir_all("/run/user/1000")?;
    std::os::unix::fs::chown("/run/user/1000", Some(1000), Some(1000))?;
    std::os::unix::fs::chown("/home/learner", Some(1000), Some(1000))?;
    rustix::system::sethostname(HOST_NAME.as_bytes())?;
    // systemd makes every mount shared: a machine that did not would hide what the course is about.
    rustix::mount::mount_change("/", rustix::mount::MountPropagationFlags::SHARED | recursive())?;
    helped("ip", &["link", "set", "lo", "up"]);
    if is_asked("disk") && Path::new("/dev/vdb").exists() {
        helped("swapon", &["/dev/vdb"]);
    }
    Ok(())
}

fn recursive() -> rustix::mount::MountPropagationFlags {
    rustix::mount::MountPropagationFlags::REC
}

/// Runs a program, and says when it fails: the machine is of use without.
fn helped(program: &str, words: &[&str]) {
    let status = Command::new(program).args(words).stdin(Stdio::null()).status();
    if !status.as_ref().is_ok_and(|status| status.success()) {
        eprintln!("vm: in the machine: {program}: {status:?}");
    }
}
