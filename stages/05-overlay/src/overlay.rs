//! One image, many roots: layers below that nobody writes to, and one above for each container. See overlayfs in the
//! kernel's Documentation/filesystems.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;

/// The directories that an overlay is made of.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The read-only layers, lowest first.
    pub lower: Vec<PathBuf>,
    /// Where changes go; nothing when nobody may make any.
    pub upper: Option<Upper>,
    /// True inside a user namespace of an ordinary user.
    pub rootless: bool,
}

/// The one layer that is written to.
#[derive(Clone, Debug)]
pub struct Upper {
    /// Where changes go.
    pub directory: PathBuf,
    /// Where the kernel prepares them; empty, and on the same file system.
    pub work: PathBuf,
    /// True when nobody will read the changes afterwards: then nothing need be written to disk in the end.
    pub ephemeral: bool,
}

/// mount(2) copies one page of options, and cuts what is longer without a word.
const MOST_OPTIONS: usize = 4095;

// ANCHOR: mount
/// Mounts the stack at `target`.
///
/// # Errors
/// EBUSY when `upper` is in use; EINVAL when `upper` and `work` lie on different file systems, or on one that cannot
/// hold an upper layer; EPERM where the kernel has no overlay in user namespaces, before Linux 5.11.
pub fn mount(kernel: &Kernel, stack: &Stack, target: &Path) -> Result<()> {
    let lowest_first: Vec<_> = stack.lower.iter().rev().cloned().collect();
    kernel.rehearse_root(lowest_first);
    match options(stack) {
        Some(options) => kernel
            .because("the layers below stay as they are: a file is copied up before its first change")
            .mount(Some("overlay".as_ref()), target, Some("overlay"), MsFlags::empty(), Some(&options)),
        None => mount_piece_by_piece(kernel, stack, target),
    }
}
// ANCHOR_END: mount

/// The options in one string, if mount(2) can take them: within one page, in UTF-8, without the letters that part them.
fn options(stack: &Stack) -> Option<String> {
    let plain = |path: &PathBuf| path.to_str().filter(|text| !text.contains([':', ',', '\\'])).map(str::to_owned);
    let lower: Vec<_> = stack.lower.iter().rev().map(plain).collect::<Option<_>>()?;
    let mut options = format!("lowerdir={}", lower.join(":"));
    if let Some(upper) = &stack.upper {
        options.push_str(&format!(",upperdir={},workdir={}", plain(&upper.directory)?, plain(&upper.work)?));
    }
    for (key, value) in extras(stack) {
        options.push_str(&value.map_or_else(|| format!(",{key}"), |value| format!(",{key}={value}")));
    }
    (options.len() <= MOST_OPTIONS).then_some(options)
}

/// What keeps an upper layer readable for others: no attributes in which a directory says where it was moved from.
fn extras(stack: &Stack) -> Vec<(&'static str, Option<&'static str>)> {
    // In a user namespace the attributes are named user.overlay.*, and nothing is redirected anyway.
    let mut extras = match stack.rootless {
        true => vec![("userxattr", None)],
        false => vec![("redirect_dir", Some("off")), ("metacopy", Some("off"))],
    };
    // Otherwise unmounting writes out the whole file system that `upper` is on, and waits for the disk.
    extras.extend(stack.upper.as_ref().filter(|upper| upper.ephemeral).map(|_| ("volatile", None)));
    extras
}

// ANCHOR: piece_by_piece
fn mount_piece_by_piece(kernel: &Kernel, stack: &Stack, target: &Path) -> Result<()> {
    let overlay =
        kernel.because("one page of options cannot hold these layers: they are given one by one").fsopen("overlay")?;
    let overlay = overlay.as_fd();
    for layer in stack.lower.iter().rev() {
        kernel.because("the layers below, uppermost first").fsconfig_set_string(overlay, "lowerdir+", layer)?;
    }
    if let Some(upper) = &stack.upper {
        kernel.because("changes go here").fsconfig_set_string(overlay, "upperdir", &upper.directory)?;
        kernel.because("and are prepared here").fsconfig_set_string(overlay, "workdir", &upper.work)?;
    }
    for (key, value) in extras(stack) {
        let asking = kernel.because("an upper layer that others can read: nothing is moved by reference");
        match value {
            Some(value) => asking.fsconfig_set_string(overlay, key, Path::new(value))?,
            None => asking.fsconfig_set_flag(overlay, key)?,
        }
    }
    kernel.because("all is said").fsconfig_create(overlay)?;
    let mount = kernel.because("a mount of it, attached nowhere yet").fsmount(overlay)?;
    kernel.because("and now seen by everyone in this mount namespace").move_mount(mount.as_fd(), target)
}
// ANCHOR_END: piece_by_piece
