//! Which kernels there are: each with its sum, so that it does not matter where the file comes from.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cache::{Cache, write_whole};
use super::image::hexadecimal;
use super::package::{self, Kernel};
use super::{http, modules, progress};

/// The file `kernels.json` beside this package.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Pins {
    /// Where packages come from, when this host says nothing else.
    pub(crate) mirror: String,
    /// The kernels, the one that is used by default first.
    pub(crate) kernels: Vec<Pin>,
}

/// One kernel package.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Pin {
    /// What we call it.
    pub(crate) name: String,
    /// Where Debian keeps it.
    pub(crate) suite: String,
    /// What `uname -r` says in it.
    pub(crate) release: String,
    /// Below the mirror.
    pub(crate) file: String,
    /// In bytes.
    pub(crate) size: u64,
    /// Of the file.
    pub(crate) sha256: String,
}

impl Pins {
    /// Those of this repository.
    pub(crate) fn read() -> Result<Self> {
        let path = Self::path();
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    pub(crate) fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels.json")
    }

    /// The one of that name.
    pub(crate) fn named(&self, name: &str) -> Result<&Pin> {
        let found = self.kernels.iter().find(|pin| pin.name == name);
        let names: Vec<_> = self.kernels.iter().map(|pin| pin.name.as_str()).collect();
        found.with_context(|| format!("there is no kernel {name}\nhint: there are {}", names.join(" and ")))
    }

    /// The mirror of this host, if it is one that speaks plain HTTP: the sum says whether what comes is right.
    pub(crate) fn mirror_here(&self) -> String {
        if let Some(mirror) = std::env::var("DEBIAN_MIRROR").ok().filter(|mirror| !mirror.is_empty()) {
            return mirror;
        }
        let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
        let entries = std::fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
        files.extend(entries.map(|entry| entry.path()));
        files.sort();
        let texts = files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect::<Vec<_>>().join("\n");
        mirror_in(&texts).unwrap_or_else(|| self.mirror.clone())
    }
}

/// The first address of a Debian archive in the sources of apt, one-line or deb822.
fn mirror_in(sources: &str) -> Option<String> {
    let lines = sources.lines().map(str::trim).filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"));
    let mut words = lines.flat_map(str::split_whitespace);
    let found = words.find(|word| word.starts_with("http://") && word.trim_end_matches('/').ends_with("/debian"))?;
    Some(found.trim_end_matches('/').to_owned())
}

impl Pin {
    /// Refuses what is not this file.
    pub(crate) fn check(&self, sha256: &str) -> Result<()> {
        if sha256 == self.sha256 {
            return Ok(());
        }
        bail!(
            "{}: its SHA-256 is {sha256}, and should be {}\nhint: what came is not Debian's package; try another mirror \
             with DEBIAN_MIRROR=http://…, or give the package with --kernel FILE",
            self.file,
            self.sha256
        )
    }
}

impl Pin {
    /// The kernel, fetched and unpacked if it is not there yet.
    pub(crate) fn prepared(&self, cache: &Cache, pins: &Pins) -> Result<Kernel> {
        let folder = cache.path("kernels").join(&self.sha256[..32]);
        if !folder.exists() {
            let package = cache.path("packages").join(self.file.rsplit('/').next().unwrap_or_default());
            if !package.exists() {
                self.fetch(&pins.mirror_here(), &package)?;
            }
            unpack_whole(&package, &folder)?;
            // What is unpacked is all that is used of it.
            std::fs::remove_file(&package)?;
        }
        package::unpacked(&folder)
    }

    /// Fetches the package, whole and as it should be, or not at all.
    fn fetch(&self, mirror: &str, package: &Path) -> Result<()> {
        let url = format!("{mirror}/{}", self.file);
        let body = http::get(&url).with_context(|| format!("fetching Linux {}", self.release))?.with_context(|| {
            format!(
                "{url}: it is not there any more\nhint: `cargo workshop vm pin` takes the mirror's newest; or give a \
                 kernel that you have: --kernel FILE"
            )
        })?;
        let bar = progress::bar(self.size, &format!("fetching Linux {} ({} MB)", self.release, self.size / 1_000_000));
        write_whole(package, |file| {
            let (mut body, mut sum) = (bar.wrap_read(body), Sha256::new());
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = body.read(&mut buffer).with_context(|| url.clone())?;
                if count == 0 {
                    break;
                }
                sum.update(&buffer[..count]);
                file.write_all(&buffer[..count])?;
            }
            self.check(&hexadecimal(&sum.finalize()))
        })
    }
}

/// A kernel that somebody has: a package, or an image, whose modules are elsewhere.
pub(crate) fn given(cache: &Cache, file: &Path, modules: Option<&Path>) -> Result<Kernel> {
    let content = std::fs::read(file).with_context(|| file.display().to_string())?;
    let folder = cache.path("kernels").join(&hexadecimal(&Sha256::digest(&content))[..32]);
    if folder.exists() {
        return package::unpacked(&folder);
    }
    if package::is_package(file) {
        unpack_whole(file, &folder)?;
    } else {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let release = Path::new("/lib/modules").join(name.trim_start_matches("vmlinuz-"));
        let modules = modules.or_else(|| Some(release.as_path()).filter(|folder| folder.is_dir()));
        let found = modules.map(modules::below).transpose()?.unwrap_or_default();
        in_one_step(&folder, |folder| package::lay_out(folder, &content, None, &found))?;
    }
    package::unpacked(&folder)
}

fn unpack_whole(package: &Path, folder: &Path) -> Result<()> {
    progress::say("unpacking the kernel");
    in_one_step(folder, |folder| package::unpack(package, folder))
}

/// The folder is there whole, or not at all.
fn in_one_step(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let above = folder.parent().context("a folder lies in a folder")?;
    std::fs::create_dir_all(above)?;
    let temporary = tempfile::tempdir_in(above)?;
    make(temporary.path())?;
    std::fs::rename(temporary.keep(), folder).with_context(|| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_apt_is_found_in_both_forms() {
        let deb822 = "Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n";
        assert_eq!(mirror_in(deb822).unwrap(), "http://mirror.example/debian");
        let line = "# deb http://no.example/debian x main\ndeb [arch=amd64] http://yes.example/debian bookworm main\n";
        assert_eq!(mirror_in(line).unwrap(), "http://yes.example/debian");
        assert_eq!(mirror_in("deb https://safe.example/debian bookworm main"), None);
        assert_eq!(mirror_in("deb http://archive.example/ubuntu noble main"), None);
    }

    #[test]
    fn a_wrong_sum_is_refused() {
        let pins = Pins::read().unwrap();
        let pin = &pins.kernels[0];
        pin.check(&pin.sha256).unwrap();
        let refused = pin.check(&"0".repeat(64)).unwrap_err().to_string();
        assert!(refused.contains("should be") && refused.contains("hint:"), "{refused}");
    }
}
