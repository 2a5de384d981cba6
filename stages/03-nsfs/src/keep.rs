//! Holding a namespace without a process in it: by a mount of its file, or by a descriptor that is open on it.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use groundwork::mountinfo::{Mount, mount_of, mounts};
use groundwork::refusal::WithHint;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::unistd::Pid;
use sys_mount::UnmountDrop;
use unshare::Namespace;

use crate::enter::who_may_look;
use crate::inspect::WHO_MAY_LOOK;
use crate::link::{Identity, link};
use crate::mounted::{MountPoint, Mounted, Uninterrupted, bind};

// ANCHOR: keep
/// Keeps a namespace of process `pid` alive by a mount on `file`, which is made when it is missing.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN in the owner of the present mount namespace; EINVAL for a mount namespace that is not
/// newer than the present one. Then nothing is left behind.
pub fn keep(kernel: &Kernel, pid: Pid, kind: Namespace, file: &Path, cover: bool) -> Result<Kept> {
    // EXERCISE keep-1
    let place = Place::find(file, cover)?;
    let asked = identity(kernel, pid, kind)?;
    let undisturbed = Uninterrupted::begin(kernel)?;
    let made = if place.exists { None } else { Some(MountPoint::make(kernel, &place.path)?) };
    let bed = if kind == Namespace::Mount && place.is_shared { Some(private_bed(kernel, &place.path)?) } else { None };
    let kept = bind(
        kernel,
        "the mount refers to the namespace as a process does: while it is there, the namespace lives",
        &link(pid, kind),
        &place.path,
    )
    .hint_with(|error| why_not(error, asked))?;
    check(kernel, asked, &place.path)?;
    if undisturbed.was_interrupted() {
        bail!("interrupted; {} keeps nothing", place.path.display());
    }
    // Here the guards end their watch: what they guard shall stay.
    std::mem::forget((kept, bed, made));
    Ok(Kept { path: place.path, identity: asked })
    // END keep-1
}
// ANCHOR_END: keep

/// What was kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file, from "/".
    pub path: PathBuf,
    /// The namespace; none in the rehearsal for a process that cannot be looked at.
    pub identity: Option<Identity>,
}

// ANCHOR: private_bed
/// Binds the file on itself, as a mount that nobody else shares.
///
/// A mount on a shared mount appears in every peer. For a mount namespace the kernel refuses that with EINVAL, since
/// each of the two could come to keep the other alive. unshare(1) makes the whole directory private; one file will do,
/// hides nothing that lies next to it, and `ns-drop` takes it away again.
fn private_bed<'kernel>(kernel: &'kernel Kernel, path: &Path) -> Result<UnmountDrop<Mounted<'kernel>>> {
    let bed = bind(kernel, "a file that is a mount of its own can be told not to share what lies on it", path, path)?;
    kernel
        .because("on a shared mount this one would be copied into other mount namespaces, one of them perhaps its own: EINVAL")
        .mount(None, path, None, MsFlags::MS_PRIVATE, None)?;
    Ok(bed)
}
// ANCHOR_END: private_bed

/// Where a namespace is to be kept.
struct Place {
    path: PathBuf,
    exists: bool,
    is_shared: bool,
}

impl Place {
    fn find(file: &Path, cover: bool) -> Result<Self> {
        let path = absolute(file)?;
        let mounts = mounts()?;
        let shown = path.display();
        if let Some(kept) = mount_at(&mounts, &path).filter(|mount| mount.fstype == "nsfs") {
            bail!("{shown} keeps {} already; take another name, or `ns-drop {shown}` first", kept.root.display());
        }
        let about = std::fs::symlink_metadata(&path).ok();
        match &about {
            Some(about) if !about.is_file() => bail!("{shown} is no ordinary file; a namespace is kept on a file"),
            Some(about) if about.len() > 0 && !cover => {
                bail!(
                    "{shown} has content, which the mount would hide; take another name, or say --cover to hide it until ns-drop"
                )
            }
            _ => {}
        }
        let is_shared = mount_of(&mounts, &path).is_some_and(Mount::is_shared);
        Ok(Self { exists: about.is_some(), is_shared, path })
    }
}

/// The file by its name from "/", without links on the way.
pub(crate) fn absolute(file: &Path) -> Result<PathBuf> {
    if let Ok(path) = file.canonicalize() {
        return Ok(path);
    }
    let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
    Ok(folder.join(name))
}

/// The uppermost mount at exactly this path.
pub(crate) fn mount_at<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let stack: Vec<_> = mounts.iter().filter(|mount| mount.target == path).collect();
    stack.iter().copied().find(|mount| stack.iter().all(|other| other.parent != mount.id))
}

fn identity(kernel: &Kernel, pid: Pid, kind: Namespace) -> Result<Option<Identity>> {
    match Identity::of_process(pid, kind) {
        Ok(identity) => Ok(Some(identity)),
        Err(_) if kernel.is_rehearsing() => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            bail!("process {pid} is not yours to look at; {WHO_MAY_LOOK}")
        }
        Err(_) => bail!("there is no process {pid}, or it has no {} namespace (any more)", kind.link()),
    }
}

/// A PID can change hands between two looks; the mount must be the namespace that was asked for.
fn check(kernel: &Kernel, asked: Option<Identity>, path: &Path) -> Result<()> {
    if kernel.is_rehearsing() {
        return Ok(());
    }
    let kept = std::fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?.ino();
    match asked {
        Some(asked) if asked.inode != kept => {
            bail!(
                "the process ended meanwhile, and its PID went to another one: {} would keep that one's",
                path.display()
            )
        }
        _ => Ok(()),
    }
}

fn why_not(error: &anyhow::Error, asked: Option<Identity>) -> Option<String> {
    let is_own = asked.is_some() && asked == Identity::of_caller(Namespace::Mount);
    let words = match Refused::errno_of(error)? {
        Errno::EPERM => {
            "blocked: only root may mount on the host; hold it by a descriptor instead: \
             `ns-keep --hold PID KIND -- COMMAND`, or keep it in mounts of your own: `unshare-mount -- sh` first"
        }
        Errno::EINVAL | Errno::ELOOP if is_own => {
            "a mount namespace kept in itself would keep itself alive for ever; \
             keep it from the mount namespace in which it was made"
        }
        Errno::EINVAL | Errno::ELOOP => {
            "a mount namespace is kept only in an older one, or two could keep each other alive for ever; \
             keep it from the mount namespace in which it was made. If you did, try one made anew: \
             since Linux 6.18 age is a number of which each CPU gives its own"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

// ANCHOR: hold
/// Opens a namespace of process `pid` so that it stays open in the program that this process becomes.
///
/// Needs no privilege but to look at `pid`. The namespace lives as long as that program, and whoever may look at it
/// finds the namespace in /proc/PID/fd.
///
/// # Errors
/// EACCES for a process one may not look at; ENOENT when it is gone.
pub fn hold(kernel: &Kernel, pid: Pid, kind: Namespace) -> Result<OwnedFd> {
    let file = kernel
        .because("an open descriptor refers to the namespace too, and an ordinary user may have one")
        .openat_namespace(link(pid, kind))
        .hint_with(who_may_look)?;
    kernel
        .because("descriptors close when a process becomes another program: this one shall live on in it")
        .fcntl_keep_open(file.as_fd())?;
    Ok(file)
}
// ANCHOR_END: hold
