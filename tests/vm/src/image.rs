//! The files of the machine, made again only when something of them has changed: the disk that it lives on, and what the
//! kernel unpacks to find that disk.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::cache::{Cache, write_whole};
use super::package::Kernel;
use super::programs::{Built, repository, this_program};
use super::{disk, progress, tree};

/// What the machine has besides the everyday programs and the course.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// Programs: where they go, and where they are.
    pub(crate) programs: Vec<(PathBuf, PathBuf)>,
}

/// How many images of each kind are kept: one for each kernel of `vm test`, and that of somebody who starts beside it.
const KEPT: usize = 4;
/// Where programs of the stages are in the machine.
pub(crate) const PROGRAMS: &str = "/usr/local/bin";
const DISK: &str = "ext4";
const ARCHIVE: &str = "cpio";

impl Content {
    /// The programs of the stages.
    pub(crate) fn of(built: &Built) -> Self {
        let placed = built.programs.iter().map(|(name, path)| (Path::new(PROGRAMS).join(name), path.clone()));
        Self { programs: placed.collect() }
    }

    /// The disk with all of it, made if it is not there yet.
    pub(crate) fn disk(&self, cache: &Cache) -> Result<PathBuf> {
        kept(cache, &self.stamp()?, DISK, |path| {
            // Beside the disk: memory may be too small for it, and /tmp may be memory.
            let work = tempfile::tempdir_in(cache.path(""))?;
            let root = work.path().join("tree");
            tree::make(&root, &self.programs)?;
            disk::make(path, &root)
        })
    }

    /// What the kernel unpacks, made if it is not there yet: enough to find the disk, or, without a disk, all.
    pub(crate) fn archive(&self, cache: &Cache, kernel: &Kernel, is_all: bool) -> Result<PathBuf> {
        let mut stamp = if is_all { self.stamp()? } else { String::new() };
        note_this_program(&mut stamp);
        for path in kernel.modules.iter().chain(kernel.config.iter()) {
            note(&mut stamp, path);
        }
        let all = is_all.then_some(self);
        kept(cache, &stamp, ARCHIVE, |path| {
            write_whole(path, |file| write(BufWriter::with_capacity(1 << 20, file), kernel, all))
        })
    }

    /// Differs when anything differs that goes into it.
    fn stamp(&self) -> Result<String> {
        let mut text = String::new();
        // A package manager puts a new file in the place of the old one: that changes the folder.
        for folder in ["/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/lib", "/usr/lib/x86_64-linux-gnu"] {
            note(&mut text, Path::new(folder));
        }
        // How the files are laid out is this program's.
        note_this_program(&mut text);
        for (place, path) in &self.programs {
            let _ = writeln!(text, "{}", place.display());
            note(&mut text, path);
        }
        note_all(&mut text, repository())?;
        Ok(text)
    }
}

/// The file of that stamp. Those that have not been used for longest are removed.
fn kept(cache: &Cache, stamp: &str, kind: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = cache.path("images");
    let path = folder.join(&hexadecimal(&Sha256::digest(stamp))[..32]).with_extension(kind);
    match File::options().write(true).open(&path) {
        // Used now: the last to be removed.
        Ok(known) => drop(known.set_modified(SystemTime::now())),
        Err(_) => {
            progress::say(if kind == DISK { "making the machine's files" } else { "making what the kernel unpacks" });
            fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            make(&path)?;
        }
    }
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut images = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    images.retain(|image| image.extension().is_some_and(|extension| extension == kind));
    images.sort_by_key(|path| path.metadata().and_then(|about| about.modified()).ok());
    for old in images.iter().rev().skip(KEPT) {
        fs::remove_file(old).with_context(|| old.display().to_string())?;
    }
    Ok(path)
}

fn write(to: impl Write, kernel: &Kernel, all: Option<&Content>) -> Result<()> {
    let (work, this) = (tempfile::tempdir()?, this_program());
    let root = work.path().join("tree");
    match all {
        Some(content) => tree::make(&root, &content.programs)?,
        None => fs::create_dir(&root)?,
    }
    tree::add_libraries(&root, [this.as_path()])?;
    let mut archive = Archive::new(to);
    archive.tree(&root, Path::new("/"), &|_| false)?;
    archive.file(Path::new("/init"), 0o755, &fs::read(tree::stripped(&this, work.path()))?)?;
    for folder in ["/boot", "/boot/modules"] {
        archive.directory(Path::new(folder), 0o755)?;
    }
    for module in &kernel.modules {
        let name = Path::new("/boot/modules").join(module.file_name().unwrap_or_default());
        archive.file(&name, 0o644, &fs::read(module)?)?;
    }
    if let Some(config) = &kernel.config {
        archive.file(Path::new("/boot/config"), 0o644, &fs::read(config)?)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}

fn note(text: &mut String, path: &Path) {
    if let Ok(about) = path.metadata() {
        let times = (about.mtime(), about.mtime_nsec(), about.mode());
        let _ = writeln!(text, "{} {} {times:?}", path.display(), about.size());
    }
}

/// Without its path, in which the number of its process stands.
fn note_this_program(text: &mut String) {
    let about = this_program().metadata();
    let _ = writeln!(text, "this program: {:?}", about.map(|about| (about.size(), about.mtime(), about.mtime_nsec())));
}

fn note_all(text: &mut String, folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|path| !tree::is_left(path)) {
        note(text, &path);
        if path.symlink_metadata()?.is_dir() {
            note_all(text, &path)?;
        }
    }
    Ok(())
}

/// As sha256sum(1) writes it.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_changed_is_not_made_again() {
        let content = Content { programs: vec![(PathBuf::from("/any"), std::env::current_exe().unwrap())] };
        let stamp = content.stamp().unwrap();
        assert!(!stamp.contains(&this_program().display().to_string()), "it differs from process to process");
        assert_eq!(stamp, content.stamp().unwrap());
        assert_ne!(stamp, Content::default().stamp().unwrap());
    }

    #[test]
    fn made_twice_it_is_equal() {
        let kernel = Kernel { file: PathBuf::new(), modules: Vec::new(), config: None };
        let this = std::env::current_exe().unwrap();
        let content = Content { programs: vec![(PathBuf::from("/usr/local/bin/any"), this)] };
        let [one, two] = [0, 1].map(|_| {
            let mut image = Vec::new();
            write(&mut image, &kernel, Some(&content)).unwrap();
            hexadecimal(&Sha256::digest(&image))
        });
        assert_eq!(one, two);
    }
}
