//! The first root of the machine, as the kernel unpacks it: made again only when something of it has changed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::cache::{Cache, write_whole};
use super::package::Kernel;
use super::programs::{Built, repository, this_program};
use super::{progress, tree};

/// What goes into an image.
pub(crate) struct Content<'a> {
    pub(crate) kernel: &'a Kernel,
    /// Programs: where they go, and where they are.
    pub(crate) programs: Vec<(PathBuf, PathBuf)>,
}

/// How many images are kept: one for each kernel of `vm test`, and the one of somebody who starts beside it.
const KEPT: usize = 4;
/// Where programs of the stages are in the machine.
pub(crate) const PROGRAMS: &str = "/usr/local/bin";

impl<'a> Content<'a> {
    /// The programs of the stages.
    pub(crate) fn of(kernel: &'a Kernel, built: &Built) -> Self {
        let placed = built.programs.iter().map(|(name, path)| (Path::new(PROGRAMS).join(name), path.clone()));
        Self { kernel, programs: placed.collect() }
    }

    /// The image, made if it is not there yet.
    pub(crate) fn image(&self, cache: &Cache) -> Result<PathBuf> {
        let folder = cache.path("images");
        let path = folder.join(format!("{}.cpio", &self.stamp()?[..32]));
        match File::options().write(true).open(&path) {
            // Used now: the last to be removed.
            Ok(known) => drop(known.set_modified(SystemTime::now())),
            Err(_) => {
                progress::say("making the machine's files");
                write_whole(&path, |file| self.write(BufWriter::with_capacity(1 << 20, file)))?;
            }
        }
        keep_latest(&folder)?;
        Ok(path)
    }

    /// Writes it.
    pub(crate) fn write(&self, to: impl Write) -> Result<()> {
        let work = tempfile::tempdir()?;
        let root = work.path().join("tree");
        tree::gather(&root)?;
        let this = this_program();
        tree::add_libraries(&root, self.programs.iter().map(|(_, path)| path.as_path()).chain([this.as_path()]))?;
        let mut archive = Archive::new(to);
        archive.tree(&root, Path::new("/"), &|_| false)?;
        archive.file(Path::new("/init"), 0o755, &stripped(&this, work.path())?)?;
        archive.directory(Path::new("/boot/modules"), 0o755)?;
        for module in &self.kernel.modules {
            let name = Path::new("/boot/modules").join(module.file_name().unwrap_or_default());
            archive.file(&name, 0o644, &fs::read(module)?)?;
        }
        if let Some(config) = &self.kernel.config {
            archive.file(Path::new("/boot/config"), 0o644, &fs::read(config)?)?;
        }
        let mut folders = Vec::new();
        for (place, path) in &self.programs {
            folders_above(&mut archive, place, &mut folders)?;
            archive.file(place, 0o755, &stripped(path, work.path())?)?;
        }
        folders_above(&mut archive, &repository().join("any"), &mut folders)?;
        archive.tree(repository(), repository(), &is_left)?;
        archive.finish()?.flush()?;
        Ok(())
    }

    /// Differs when anything differs that goes into it.
    fn stamp(&self) -> Result<String> {
        let mut text = String::new();
        // A package manager puts a new file in the place of the old one: that changes the folder.
        for folder in ["/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/lib", "/usr/lib/x86_64-linux-gnu"] {
            note(&mut text, Path::new(folder));
        }
        note(&mut text, &this_program());
        for path in self.kernel.modules.iter().chain(self.kernel.config.iter()) {
            note(&mut text, path);
        }
        for (place, path) in &self.programs {
            let _ = writeln!(text, "{}", place.display());
            note(&mut text, path);
        }
        note_all(&mut text, repository())?;
        Ok(hexadecimal(&Sha256::digest(&text)))
    }
}

/// Removes the images that have not been used for longest.
fn keep_latest(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut images = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    images.sort_by_key(|path| path.metadata().and_then(|about| about.modified()).ok());
    for old in images.iter().rev().skip(KEPT) {
        fs::remove_file(old).with_context(|| old.display().to_string())?;
    }
    Ok(())
}

/// What is built, and what git keeps, is not copied.
fn is_left(path: &Path) -> bool {
    path.ends_with(".git") || path.join("CACHEDIR.TAG").exists() || path.ends_with("target")
}

fn note(text: &mut String, path: &Path) {
    if let Ok(about) = path.metadata() {
        let times = (about.mtime(), about.mtime_nsec(), about.mode());
        let _ = writeln!(text, "{} {} {times:?}", path.display(), about.size());
    }
}

fn note_all(text: &mut String, folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|path| !is_left(path)) {
        note(text, &path);
        if path.symlink_metadata()?.is_dir() {
            note_all(text, &path)?;
        }
    }
    Ok(())
}

fn folders_above<W: Write>(archive: &mut Archive<W>, place: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let above: Vec<_> = place.ancestors().skip(1).filter(|folder| *folder != Path::new("/")).collect();
    for folder in above.into_iter().rev() {
        if !made.iter().any(|one| one == folder) {
            archive.directory(folder, 0o755)?;
            made.push(folder.to_owned());
        }
    }
    Ok(())
}

/// The program without what debuggers read, which is most of it, if this host has a strip(1).
fn stripped(path: &Path, work: &Path) -> Result<Vec<u8>> {
    let small = work.join("stripped");
    let mut command = Command::new("strip");
    command.arg("-o").arg(&small).arg(path).stdin(Stdio::null()).stderr(Stdio::null());
    let source = if command.status().is_ok_and(|status| status.success()) { &small } else { path };
    fs::read(source).with_context(|| source.display().to_string())
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
    fn made_twice_it_is_equal() {
        let kernel = Kernel { file: PathBuf::new(), modules: Vec::new(), config: None };
        let this = std::env::current_exe().unwrap();
        let content = Content { kernel: &kernel, programs: vec![(PathBuf::from("/usr/local/bin/any"), this)] };
        let [one, two] = [0, 1].map(|_| {
            let mut image = Vec::new();
            content.write(&mut image).unwrap();
            hexadecimal(&Sha256::digest(&image))
        });
        assert_eq!(one, two);
    }
}
