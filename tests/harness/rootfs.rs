//! A root file system made of this host's own programs: once for each user, and again when the script has changed.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use nix::fcntl::{Flock, FlockArg};

use super::programs::{repository, target_directory};

/// Its path. Nobody writes to it: what a judge changes, it changes in a copy or in a layer of its own.
pub fn rootfs() -> &'static Path {
    static ROOTFS: LazyLock<PathBuf> = LazyLock::new(made);
    &ROOTFS
}

fn made() -> PathBuf {
    let script = repository().join("rootfs-scripts/host.sh");
    let mut hasher = DefaultHasher::new();
    fs::read(&script).expect("the script is there").hash(&mut hasher);
    let folder = target_directory().join("tmp");
    fs::create_dir_all(&folder).expect("the build folder can be written to");
    let rootfs = folder.join(format!("rootfs-{}-{:x}", nix::unistd::geteuid(), hasher.finish()));
    let lock = File::create(folder.join("rootfs.lock")).expect("the build folder can be written to");
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno).expect("a file can be locked");
    if !rootfs.is_dir() {
        let made = Command::new("sh").arg(&script).arg(&rootfs).output().expect("sh can be run");
        assert!(made.status.success(), "host.sh: {}", String::from_utf8_lossy(&made.stderr));
    }
    rootfs
}
