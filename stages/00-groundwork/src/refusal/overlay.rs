//! Overlays, old and new way: mount(2) with one string of options, or fsconfig(2) option by option.

mod layers;

use std::path::Path;

use nix::errno::Errno::{self, EBUSY, EINVAL, ELOOP, ENOENT, ENOTDIR, EROFS, ESTALE};

use crate::host::Host;
use crate::refusal::asked::{Asked, say};
use layers::Layers;

/// mount(2) takes one page of options and cuts off the rest without a word.
const ONE_PAGE: usize = 4095;
/// OVL_MAX_STACK of the kernel.
const MOST_LAYERS: usize = 500;
/// File systems that cannot carry an upper layer.
const NO_UPPER: [&str; 9] = ["overlay", "nfs", "nfs4", "vfat", "exfat", "ntfs3", "9p", "cifs", "squashfs"];
/// Who knows more.
const LOG: &str = "the kernel's log says which: `sudo dmesg | grep overlayfs | tail -3`";

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    match asked.name {
        "fsconfig" if asked.says("fscontext") => configured(asked),
        "mount" if asked.text(2).as_deref() == Some("overlay") => mounted(asked, &Layers::of(&asked.text(4)?)),
        _ => None,
    }
}

fn mounted(asked: &Asked<'_>, layers: &Layers) -> Option<String> {
    let host = asked.host;
    match asked.errno {
        _ if layers.length > ONE_PAGE => say(
            format!("mount(2) cuts options off after one page, and these are {} bytes", layers.length),
            "use shorter names after a chdir(2), or fsconfig(2), layer by layer",
        ),
        ENOENT => absent(layers.all().find(|path| !host.has(path))?),
        ENOTDIR | EINVAL => a_file_among(host, layers).or_else(|| invalid(host, layers)),
        errno => common(errno),
    }
}

fn absent(layer: &Path) -> Option<String> {
    let name = layer.display();
    say(format!("there is no {name}"), "make it first (a `:` or `,` in a name needs a backslash before it)")
}

fn a_file_among(host: &dyn Host, layers: &Layers) -> Option<String> {
    a_file(layers.all().find(|path| host.look(path).is_some_and(|look| !look.is_directory))?)
}

fn a_file(layer: &Path) -> Option<String> {
    say(format!("{} is a file, and a layer is a directory", layer.display()), "unpack it first")
}

fn invalid(host: &dyn Host, layers: &Layers) -> Option<String> {
    let beside = "put them side by side in one directory";
    match (&layers.upper, &layers.work) {
        _ if layers.lower.len() > MOST_LAYERS => too_many(),
        (None, _) if layers.lower.len() < 2 => {
            say("an overlay without an upper layer needs two lower ones", "bind a single layer instead, read-only")
        }
        (None, _) => stacked(host, layers),
        (Some(_), None) => say("upperdir needs a workdir", "add an empty directory beside it: workdir=…"),
        (Some(upper), Some(work)) => {
            let id = |path: &Path| host.mount_under(path).map(|mount| mount.id);
            let (real_upper, real_work) = (host.real(upper), host.real(work));
            let (upper_shown, work_shown) = (upper.display(), work.display());
            if id(upper) != id(work) {
                say(format!("{upper_shown} and {work_shown} lie on two mounts"), beside)
            } else if real_upper.starts_with(&real_work) || real_work.starts_with(&real_upper) {
                say(format!("{upper_shown} and {work_shown} lie one in the other"), beside)
            } else {
                no_upper(host, upper).or_else(|| stacked(host, layers))
            }
        }
    }
}

/// Some file systems lack what overlayfs writes down in an upper layer: extended attributes, whiteouts.
fn no_upper(host: &dyn Host, upper: &Path) -> Option<String> {
    let fstype = host.mount_under(upper)?.fstype;
    let cannot = NO_UPPER.contains(&fstype.as_str()) || fstype.starts_with("fuse");
    if !cannot {
        return None;
    }
    say(
        format!("{} lies on {fstype}, which cannot carry an upper layer", upper.display()),
        "keep it on ext4, xfs, btrfs or tmpfs; inside a container, on a volume",
    )
}

/// An overlay of overlays works; one more on top is refused.
fn stacked(host: &dyn Host, layers: &Layers) -> Option<String> {
    let is_overlay = |path: &Path| host.mount_under(path).is_some_and(|mount| mount.fstype == "overlay");
    match layers.lower.iter().find(|path| is_overlay(path)) {
        Some(path) => say(
            format!("{} is an overlay of overlays, and the kernel stacks no third one", path.display()),
            "name its layers one by one",
        ),
        None => say("overlayfs refuses one of the options", LOG),
    }
}

fn too_many() -> Option<String> {
    say(format!("the kernel lays at most {MOST_LAYERS} lower layers over each other"), "merge some of them into one")
}

fn configured(asked: &Asked<'_>) -> Option<String> {
    let said = asked.said.as_deref().unwrap_or_default();
    let (key, release) = (asked.text(2).unwrap_or_default(), asked.host.release());
    match (asked.errno, asked.path(3)) {
        (ENOTDIR | EINVAL, Some(path)) if asked.host.look(&path).is_some_and(|look| !look.is_directory) => {
            a_file(&path)
        }
        (EINVAL, _) if said.contains("too many lower directories") => too_many(),
        (EINVAL, _) if said.contains("Unknown parameter") && key.ends_with('+') => say(
            format!("this kernel ({release}) takes no layers one by one, which came with Linux 6.7"),
            "use mount(2) and one string of options",
        ),
        (EINVAL, Some(path)) if key == "upperdir" => {
            no_upper(asked.host, &path).or_else(|| say(format!("the file system says: {said}"), LOG))
        }
        (EINVAL, _) if !said.is_empty() => say(format!("the file system says: {said}"), "leave that option out"),
        (EINVAL, _) if asked.says("FSCONFIG_CMD_CREATE") => say(
            "upperdir and workdir must lie side by side on one mount, and without them two lower layers are needed",
            LOG,
        ),
        (ENOENT, Some(path)) => absent(&path),
        (errno, _) => common(errno),
    }
}

fn common(errno: Errno) -> Option<String> {
    match errno {
        ELOOP => say("a layer is named twice, or lies inside another", "name each directory once"),
        EBUSY => say(
            "another overlay uses the upper or the work directory",
            "take fresh ones, or unmount that one: `findmnt -t overlay`",
        ),
        ESTALE => say("this upper layer was made on other lower ones (index=on)", "take a fresh upper directory"),
        EROFS => say("the upper or the work directory lies on a read-only mount", "put both where one may write"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
