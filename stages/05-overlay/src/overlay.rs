//! One image, many roots: layers below that nobody writes to, and one above for each container. See overlayfs in the
//! kernel's Documentation/filesystems.
//!
//! There are three ways to name the layers, tried in this order: one string of options, which mount(2) cuts off after a
//! page; one call for each layer, since Linux 6.7; numbers of open directories, which are short.

mod by_number;

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::host::{Here, Host};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
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

/// mount(2) copies one page of options, and cuts what is longer without a word: sha256 names reach that at some thirty
/// layers, and the answer is an ENOENT about a name that nobody gave.
const MOST_OPTIONS: usize = 4095;
/// fsconfig(2) takes no longer string.
const MOST_STRING: usize = 255;

// ANCHOR: mount
/// Mounts the stack at `target`.
///
/// # Errors
/// EBUSY when `upper` is in use; EINVAL when `upper` and `work` lie on different file systems, or on one that cannot
/// hold an upper layer; ELOOP for a layer named twice; EPERM where the kernel has no overlay in user namespaces, before
/// Linux 5.11.
pub fn mount(kernel: &Kernel, stack: &Stack, target: &Path) -> Result<()> {
    let uppermost_first: Vec<_> = stack.lower.iter().rev().cloned().collect();
    kernel.rehearse_root(uppermost_first);
    match options(stack) {
        Some(options) => kernel
            .because("the layers below stay as they are: a file is copied up before its first change")
            .mount(Some("overlay".as_ref()), target, Some("overlay"), MsFlags::empty(), Some(&options)),
        None if stack.needs_numbers() => by_number::mount(kernel, stack, target),
        None => mount_piece_by_piece(kernel, stack, target),
    }
}
// ANCHOR_END: mount

impl Stack {
    fn directories(&self) -> impl Iterator<Item = &Path> {
        let upper = self.upper.iter().flat_map(|upper| [&upper.directory, &upper.work]);
        self.lower.iter().chain(upper).map(PathBuf::as_path)
    }

    /// True when fsconfig(2) cannot name a directory: too long, or an upper one with a backslash, which the kernel takes
    /// away there, and leaves in a lower one; or before Linux 6.7, when "lowerdir+" came. Before 6.5 that is not refused
    /// until all is said, and then with the EINVAL of any other mistake.
    fn needs_numbers(&self) -> bool {
        let is_too_long = |path: &Path| path.as_os_str().len() > MOST_STRING;
        let has_backslash = |upper: &Upper| upper.directory.as_os_str().as_bytes().contains(&b'\\');
        let is_old = !(&Here as &dyn Host).is_kernel_at_least(6, 7);
        is_old || self.directories().any(is_too_long) || self.upper.as_ref().is_some_and(has_backslash)
    }
}

/// The options in one string, if mount(2) can take them: within one page, in UTF-8, without the letters that part them.
fn options(stack: &Stack) -> Option<String> {
    // EXERCISE overlay-1
    let plain = |path: &PathBuf| path.to_str().filter(|text| !text.contains([':', ',', '\\'])).map(str::to_owned);
    let lower: Vec<_> = stack.lower.iter().rev().map(plain).collect::<Option<_>>()?;
    let mut options = format!("lowerdir={}", lower.join(":"));
    if let Some(upper) = &stack.upper {
        options.push_str(&format!(",upperdir={},workdir={}", plain(&upper.directory)?, plain(&upper.work)?));
    }
    options.push_str(&extras_in_words(stack));
    (options.len() <= MOST_OPTIONS).then_some(options)
    // END overlay-1
}

fn extras_in_words(stack: &Stack) -> String {
    let extra = |(key, value): (&str, Option<&str>)| value.map_or(format!(",{key}"), |value| format!(",{key}={value}"));
    extras(stack).into_iter().map(extra).collect()
}

/// What keeps an upper layer readable for others: no attributes in which a directory says where it was moved from, and no
/// index of files with several names. Some kernels are built to have them.
fn extras(stack: &Stack) -> Vec<(&'static str, Option<&'static str>)> {
    let (host, is_ephemeral) = (&Here as &dyn Host, stack.upper.as_ref().is_some_and(|upper| upper.ephemeral));
    // In a user namespace, ours or the one around us, the attributes are named user.overlay.*, and nothing is redirected
    // anyway.
    let mut extras = match stack.rootless || !host.is_in_first_user_namespace() {
        true => vec![("userxattr", None)],
        false => vec![("redirect_dir", Some("off")), ("metacopy", Some("off")), ("index", Some("off"))],
    };
    // Otherwise unmounting writes out the whole file system that `upper` is on, and waits for the disk.
    extras.extend((is_ephemeral && host.is_kernel_at_least(5, 10)).then_some(("volatile", None)));
    extras
}

// ANCHOR: piece_by_piece
fn mount_piece_by_piece(kernel: &Kernel, stack: &Stack, target: &Path) -> Result<()> {
    let overlay =
        kernel.because("one page of options cannot hold these layers: they are given one by one").fsopen("overlay");
    let named = overlay.and_then(|overlay| name_layers(kernel, stack, overlay.as_fd()).map(|()| overlay));
    let overlay = match named {
        // Whatever its number says: ENOSYS is a filter's answer, and EINVAL that of a kernel without "lowerdir+".
        Err(error) if matches!(Refused::errno_of(&error), Some(Errno::ENOSYS | Errno::EINVAL)) => {
            return by_number::mount(kernel, stack, target);
        }
        named => named?,
    };
    let overlay = overlay.as_fd();
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

fn name_layers(kernel: &Kernel, stack: &Stack, overlay: BorrowedFd<'_>) -> Result<()> {
    let name = |layer: &PathBuf| {
        kernel.because("the layers below, uppermost first").fsconfig_set_string(overlay, "lowerdir+", layer)
    };
    stack.lower.iter().rev().try_for_each(name)
}
// ANCHOR_END: piece_by_piece

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(lower: &[&str], upper: Option<&str>) -> Stack {
        let upper = upper.map(|upper| Upper { directory: upper.into(), work: "/w".into(), ephemeral: false });
        Stack { lower: lower.iter().map(PathBuf::from).collect(), upper, rootless: true }
    }

    #[test]
    fn the_string_names_the_uppermost_layer_first() {
        let options = options(&stack(&["/base", "/app"], Some("/u"))).unwrap();
        assert_eq!(options, "lowerdir=/app:/base,upperdir=/u,workdir=/w,userxattr");
        assert_eq!(super::options(&stack(&["/base", "/app"], None)).unwrap(), "lowerdir=/app:/base,userxattr");
    }

    #[test]
    fn what_one_string_cannot_say_is_said_otherwise() {
        use std::ffi::OsStr;
        for odd in ["/a:b", "/a,b", "/a\\b"] {
            assert_eq!(options(&stack(&["/base", odd], None)), None, "{odd}");
            assert_eq!(options(&stack(&["/base"], Some(odd))), None, "{odd}");
        }
        let mut bytes = stack(&["/base"], None);
        bytes.lower.push(PathBuf::from(OsStr::from_bytes(b"/\xff")));
        assert_eq!(options(&bytes), None);
    }

    #[test]
    fn a_string_is_never_longer_than_a_page() {
        let long = format!("/{}", "x".repeat(63));
        let fits = stack(&vec![long.as_str(); 62], None);
        assert!(options(&fits).unwrap().len() <= MOST_OPTIONS);
        assert_eq!(options(&stack(&vec![long.as_str(); 63], None)), None);
    }
}
