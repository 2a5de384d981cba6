//! The files of the machine, in a folder: this host's everyday programs, as `rootfs-scripts/host.sh` gathers them, what makes
//! a system of them, the programs of the stages, and the course.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::programs::{libraries, on_this_host, repository};

/// The ordinary user of the machine.
pub(crate) const LEARNER: &str = "learner";
pub(crate) const LEARNER_ID: u32 = 1000;
/// What the machine is called: no word that a page of the book prints.
pub(crate) const HOST_NAME: &str = "learners-vm";

/// What a container root has no use for, and a machine has.
const EXTRAS: [&str; 5] = ["swapon", "busybox", "strace", "ldd", "git"];
/// What gives an ordinary user more than one id. They belong to root, and must run as root.
const SETUID: [&str; 2] = ["newuidmap", "newgidmap"];

/// Makes all of it in `tree`, which must not be there yet, with these programs: where they go, and where they are.
pub(crate) fn make(tree: &Path, programs: &[(PathBuf, PathBuf)]) -> Result<()> {
    gather(tree)?;
    add_libraries(tree, programs.iter().map(|(_, path)| path.as_path()))?;
    let work = tempfile::tempdir_in(tree.parent().unwrap_or(tree))?;
    let mut known = BTreeMap::new();
    for (place, path) in programs {
        let target = inside(tree, place);
        fs::create_dir_all(target.parent().unwrap_or(&target))?;
        // One program in two places takes the room of one.
        match known.get(path) {
            Some(first) => fs::hard_link(first, &target).with_context(|| target.display().to_string())?,
            None => copy(&stripped(path, work.path()), &target)?,
        }
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        known.insert(path, target);
    }
    copy_all(repository(), &inside(tree, repository()))
}

fn inside(tree: &Path, path: &Path) -> PathBuf {
    tree.join(path.strip_prefix("/").unwrap_or(path))
}

/// What is built, and what git keeps, is not copied.
pub(crate) fn is_left(path: &Path) -> bool {
    path.ends_with(".git") || path.join("CACHEDIR.TAG").exists() || path.ends_with("target")
}

/// Everything below `from`, for everybody to read.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let (to, about) = (to.join(name), from.symlink_metadata().with_context(|| from.display().to_string())?);
        if is_left(&from) {
            continue;
        }
        if about.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
        } else if about.is_dir() {
            copy_all(&from, &to)?;
        } else if about.is_file() {
            copy(&from, &to)?;
            fs::set_permissions(&to, fs::Permissions::from_mode(about.permissions().mode() & 0o7777 | 0o444))?;
        }
    }
    Ok(())
}

/// The program without what debuggers read, which is most of it, if this host has a strip(1).
pub(crate) fn stripped(path: &Path, work: &Path) -> PathBuf {
    let small = work.join("stripped");
    let mut command = Command::new("strip");
    command.arg("-o").arg(&small).arg(path).stdin(Stdio::null()).stderr(Stdio::null());
    if command.status().is_ok_and(|status| status.success()) { small } else { path.to_owned() }
}

/// The everyday programs, and accounts.
fn gather(tree: &Path) -> Result<()> {
    let script = repository().join("rootfs-scripts/host.sh");
    let made = Command::new("sh").arg(&script).arg(tree).stdin(Stdio::null()).output().context("sh")?;
    if !made.status.success() {
        bail!("{}", String::from_utf8_lossy(&made.stderr).trim());
    }
    // By this file a page tells the root of a container from a machine's.
    fs::remove_file(tree.join(".boxwright"))?;
    for name in EXTRAS {
        add_program(tree, name, 0o755)?;
    }
    for name in SETUID {
        add_program(tree, name, 0o4755)?;
    }
    write_accounts(tree)
}

fn add_program(tree: &Path, name: &str, mode: u32) -> Result<()> {
    let Some(path) = on_this_host(name) else { return Ok(()) };
    let target = tree.join("usr/bin").join(name);
    copy(&path, &target)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
    add_libraries(tree, [path.as_path()])
}

/// The libraries of these programs, where they are on this host.
pub(crate) fn add_libraries<'a>(tree: &Path, programs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    for library in libraries(programs) {
        let target = inside(tree, &library);
        if !target.exists() {
            copy(&library, &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // What is there may be a link, to be replaced and not to be written through.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map(drop).with_context(|| format!("{} to {}", from.display(), to.display()))
}

fn write_accounts(tree: &Path) -> Result<()> {
    let etc = tree.join("etc");
    fs::create_dir_all(&etc)?;
    let files = [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n\
                 {LEARNER}:x:{LEARNER_ID}:{LEARNER_ID}::/home/{LEARNER}:/bin/sh\n"
            ),
        ),
        ("group", format!("root:x:0:\nnogroup:x:65534:\n{LEARNER}:x:{LEARNER_ID}:\n")),
        ("subuid", format!("{LEARNER}:100000:65536\n")),
        ("subgid", format!("{LEARNER}:100000:65536\n")),
        ("hosts", format!("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {HOST_NAME}\n")),
        ("hostname", format!("{HOST_NAME}\n")),
        // Every system has one, and containers are given it; here nobody can be asked.
        ("resolv.conf", "# there is no network\n".to_owned()),
        ("os-release", fs::read_to_string("/etc/os-release").unwrap_or_default()),
    ];
    for (name, text) in files {
        let path: PathBuf = etc.join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    for (folder, mode) in [("root", 0o755), ("home/learner", 0o755), ("tmp", 0o1777), ("var/tmp", 0o1777)] {
        let path = tree.join(folder);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    for folder in ["proc", "sys", "dev", "run", "mnt", "new", "etc", "boot", "usr/local/bin"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    Ok(())
}
