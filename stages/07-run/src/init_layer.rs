//! The init layer: what belongs to this container and to no image. A commit leaves it out.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use groundwork::Kernel;
use nix::mount::MsFlags;

use crate::spec::{Network, Spec};

/// How many symbolic links the kernel follows before it says ELOOP.
const MOST_LINKS: usize = 40;

// ANCHOR: make
/// Fills the layer: places to mount on, and the three files that name the container and its network.
///
/// # Errors
/// ENOSPC and the like.
pub fn make(kernel: &Kernel, layer: &Path, spec: &Spec) -> Result<()> {
    if spec.ephemeral {
        kernel
            .because("nobody will look at this layer afterwards: it lives in memory, and goes with the last mount")
            .mount(
            Some("tmpfs".as_ref()),
            layer,
            Some("tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            Some("mode=755"),
        )?;
    }
    directory(kernel, layer, spec, Path::new("etc"))?;
    for name in ["proc", "dev", "sys"].map(Path::new) {
        // What the image has instead may be a link that leads anywhere.
        let image = find(&spec.layers, name).and_then(|found| found.symlink_metadata().ok());
        if !image.is_some_and(|about| about.is_dir()) {
            directory(kernel, layer, spec, name)?;
        }
    }
    write(kernel, &layer.join("etc/hostname"), &format!("{}\n", spec.hostname))?;
    write(kernel, &layer.join("etc/hosts"), &hosts(spec))?;
    write(kernel, &layer.join("etc/resolv.conf"), &resolv_conf(spec))?;
    for volume in &spec.volumes {
        place(kernel, layer, spec, &volume.target, volume.source.is_dir())?;
    }
    spec.tmpfs.iter().try_for_each(|target| place(kernel, layer, spec, target, true))
}
// ANCHOR_END: make

/// A directory that looks like the image's, if the image has it: of two directories in a stack, the upper one's mode
/// and owner are the ones seen.
fn directory(kernel: &Kernel, layer: &Path, spec: &Spec, path: &Path) -> Result<()> {
    let ours = layer.join(path);
    let image = find(&spec.layers, path).and_then(|found| found.symlink_metadata().ok()).filter(Metadata::is_dir);
    let mode = image.as_ref().map_or(0o755, |about| about.mode() & 0o7777);
    kernel.because("the root needs a place here, whether the image has it or not").mkdir(&ours, mode)?;
    if mode & 0o022 != 0 {
        kernel.because("the mask took bits that the image's directory has").chmod(&ours, mode)?;
    }
    match image {
        Some(about) if nix::unistd::geteuid().is_root() && (about.uid(), about.gid()) != (0, 0) => {
            kernel.because("and its owner's").lchown(&ours, about.uid(), about.gid())
        }
        _ => Ok(()),
    }
}

fn hosts(spec: &Spec) -> String {
    format!("127.0.0.1\tlocalhost {name}\n::1\tlocalhost {name}\n", name = spec.hostname)
}

fn resolv_conf(spec: &Spec) -> String {
    match spec.network {
        Network::Host => fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        Network::None => "# no network: nobody to ask\n".to_owned(),
    }
}

fn write(kernel: &Kernel, path: &Path, content: &str) -> Result<()> {
    if kernel.is_rehearsing() {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// A place to mount on, unless the image has one.
fn place(kernel: &Kernel, layer: &Path, spec: &Spec, target: &Path, is_directory: bool) -> Result<()> {
    let target = resolve(&spec.layers, target);
    if find(&spec.layers, &target).is_some() {
        return Ok(());
    }
    // The root itself is there; of the rest, the last is the place and the others lead to it.
    let mut leading: Vec<_> = target.ancestors().filter(|path| *path != Path::new("")).collect();
    let place = leading.remove(0);
    for path in leading.into_iter().rev().filter(|path| !layer.join(path).exists()) {
        directory(kernel, layer, spec, path)?;
    }
    match is_directory {
        _ if layer.join(place).exists() => Ok(()),
        true => directory(kernel, layer, spec, place),
        false => write(kernel, &layer.join(place), ""),
    }
}

/// The path without symbolic links, as the kernel will walk it in the stacked layers.
fn resolve(layers: &[PathBuf], path: &Path) -> PathBuf {
    let mut todo: Vec<PathBuf> = parts(path);
    let mut done = PathBuf::new();
    let mut links = 0;
    while let Some(part) = todo.pop() {
        if part == Path::new("..") {
            done.pop();
            continue;
        }
        let next = done.join(&part);
        match find(layers, &next).and_then(|found| fs::read_link(found).ok()) {
            Some(target) if links < MOST_LINKS => {
                links += 1;
                if target.is_absolute() {
                    done = PathBuf::new();
                }
                todo.extend(parts(&target));
            }
            _ => done = next,
        }
    }
    done
}

/// The components of a path, last one first, without "/" and ".".
fn parts(path: &Path) -> Vec<PathBuf> {
    let kept = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    let mut parts: Vec<_> = kept.map(|part| PathBuf::from(part.as_os_str())).collect();
    parts.reverse();
    parts
}

/// The uppermost layer's file of that name; the parents of `path` are known to hold no symbolic link.
fn find(layers: &[PathBuf], path: &Path) -> Option<PathBuf> {
    layers.iter().rev().map(|layer| layer.join(path)).find(|file| file.symlink_metadata().is_ok())
}
