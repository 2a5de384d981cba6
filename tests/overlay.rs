//! Stage 05: one image, many roots.

mod commit;
mod copy_up;
mod layers;
mod many;
mod state;
mod tree;
mod usage;
mod walls;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::harness::{Ran, Room, Running, rootfs};

/// The command line of `enter-overlay` on the root file system of all judges and, above it, on these layers.
fn command(layers: &[&Path], options: &[&str], words: &str) -> Vec<OsString> {
    let layers = [rootfs()].into_iter().chain(layers.iter().copied());
    let layers = layers.flat_map(|layer| [OsStr::new("--layer"), layer.as_os_str()]);
    let words = ["--", "sh", "-c", words].map(OsStr::new);
    layers.chain(options.iter().map(OsStr::new)).chain(words).map(OsStr::to_owned).collect()
}

fn enter(room: &Room, layers: &[&Path], options: &[&str], words: &str) -> Ran {
    room.run("enter-overlay", command(layers, options, words))
}

/// The same with a state that stays, which is a folder of this room.
fn enter_keeping(room: &Room, state: &str, layers: &[&Path], words: &str) -> Ran {
    let state = room.path(state);
    enter(room, layers, &["--state", state.to_str().expect("paths are UTF-8")], words)
}

/// A shell inside that says that it is there, and then runs each line that it reads.
fn listening(room: &Room, layers: &[&Path], options: &[&str]) -> Running {
    let words = "echo ready; while read -r line; do eval \"$line\"; echo; done";
    let mut running = room.start("enter-overlay", command(layers, options, words));
    assert_eq!(running.line(), "ready");
    running
}

/// What a container has written.
fn upper(room: &Room, state: &str) -> PathBuf {
    room.path(state).join("upper")
}

/// True where overlayfs says that what lies below is gone: with a device, or where that is not allowed with an attribute.
fn is_whiteout(path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    let is_device = about.file_type().is_char_device() && about.rdev() == 0;
    is_device || overlay_attribute(path, "whiteout").is_some()
}

/// True for a directory that begins anew.
fn is_opaque(path: &Path) -> bool {
    overlay_attribute(path, "opaque").as_deref() == Some(b"y")
}

/// One of overlayfs's own attributes, by the name that it has for root or for root of a user namespace.
fn overlay_attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    ["trusted", "user"].iter().find_map(|kind| tree::attribute(path, &format!("{kind}.overlay.{name}")))
}
