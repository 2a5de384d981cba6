//! A root of layers. The work for the upper one is all there is beside the mount: layers are there already.

use std::ffi::{CStr, CString};

use rustix::fs::Mode;
use rustix::mount::MountFlags;

use crate::plan::text;
use crate::{Failed, Step};

/// Directories `1` to `COUNT` of one directory, and beside them `upper` and `work`.
pub(crate) struct Overlay {
    directory: CString,
    root: CString,
    options: CString,
}

impl Overlay {
    /// From `DIR:COUNT`. Names relative to DIR are short: 128 of them fit into the one page that mount(2) takes.
    pub(crate) fn read(words: &str, root: &str, in_user_namespace: bool) -> Result<Self, Failed> {
        let bad = Failed("--layers DIR:COUNT", rustix::io::Errno::INVAL);
        let (directory, count) = words.rsplit_once(':').ok_or(bad)?;
        let count: usize = count.parse().map_err(|_| Failed("--layers DIR:COUNT", rustix::io::Errno::INVAL))?;
        // The uppermost comes first.
        let lower: Vec<_> = (1..=count).rev().map(|number| number.to_string()).collect();
        let attributes = if in_user_namespace { ",userxattr" } else { "" };
        let options = format!("lowerdir={},upperdir=upper,workdir=work{attributes}", lower.join(":"));
        Ok(Self { directory: text(directory)?, root: text(root)?, options: text(&options)? })
    }
}

const MADE: [&CStr; 2] = [c"upper", c"work"];
/// The second is the kernel's.
const LEFT: [&CStr; 3] = [c"upper", c"work/work", c"work"];

pub(crate) fn make_room(overlay: &Overlay) -> Result<(), Failed> {
    rustix::process::chdir(overlay.directory.as_c_str()).step("chdir(layers)")?;
    MADE.iter().try_for_each(|name| rustix::fs::mkdir(*name, Mode::from(0o755))).step("mkdir of upper and work")
}

pub(crate) fn mount(overlay: &Overlay) -> Result<(), Failed> {
    let options = overlay.options.as_c_str();
    rustix::mount::mount(c"overlay", overlay.root.as_c_str(), c"overlay", MountFlags::empty(), options)
        .step("mount(overlay)")
}

/// For programs that have written nothing.
pub(crate) fn clear(_: &Overlay) -> Result<(), Failed> {
    LEFT.iter().try_for_each(|name| rustix::fs::rmdir(*name)).step("rmdir of upper and work")
}
