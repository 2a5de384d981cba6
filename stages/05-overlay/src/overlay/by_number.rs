//! Where the kernel takes no layers one by one: directories that are open have a name as short as a number.
//!
//! In /proc/self/fd a descriptor is a link to what it is open on. From there, "7:6:5" names three layers, however long or
//! strange their paths are, and 500 of them, more than the kernel stacks, fit into the one page of options.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result};
use groundwork::Kernel;
use nix::fcntl::OFlag;
use nix::mount::MsFlags;

use super::{Stack, extras_in_words};

// ANCHOR: by_number
/// Mounts the stack at `target`.
///
/// # Errors
/// As for [`super::mount`]; EMFILE past the limit on descriptors.
pub(super) fn mount(kernel: &Kernel, stack: &Stack, target: &Path) -> Result<()> {
    // Looked up from where we are: in a moment the working directory is another one.
    let target = std::path::absolute(target).with_context(|| target.display().to_string())?;
    let open = |path: &Path| {
        kernel
            .because("an open directory has a short name: its number")
            .openat(path, OFlag::O_PATH | OFlag::O_DIRECTORY)
    };
    let here = open(Path::new("."))?;
    let lower = stack.lower.iter().rev().map(|layer| open(layer)).collect::<Result<Vec<_>>>()?;
    let upper = stack.upper.as_ref().map(|upper| Ok::<_, anyhow::Error>((open(&upper.directory)?, open(&upper.work)?)));
    let upper = upper.transpose()?;
    let options = options(kernel, &lower, upper.as_ref()) + &extras_in_words(stack);
    kernel
        .because("the names are links here, and without a path before them all fit into one page")
        .chdir("/proc/self/fd")?;
    kernel.because("the layers below stay as they are: a file is copied up before its first change").mount(
        Some("overlay".as_ref()),
        &target,
        Some("overlay"),
        MsFlags::empty(),
        Some(&options),
    )?;
    kernel.because("what comes next is looked up from where we were").fchdir(here.as_fd())
}
// ANCHOR_END: by_number

fn options(kernel: &Kernel, lower: &[OwnedFd], upper: Option<&(OwnedFd, OwnedFd)>) -> String {
    // In a rehearsal nothing is open.
    let number = |file: &OwnedFd| if kernel.is_rehearsing() { "FD".to_owned() } else { file.as_raw_fd().to_string() };
    let lower: Vec<_> = lower.iter().map(number).collect();
    let upper = upper.map(|(upper, work)| format!(",upperdir={},workdir={}", number(upper), number(work)));
    format!("lowerdir={}{}", lower.join(":"), upper.unwrap_or_default())
}
