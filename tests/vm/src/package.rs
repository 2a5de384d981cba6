//! A kernel package, unpacked without dpkg: an ar(5) of a compressed tar, of which we want the kernel and a few modules.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use lzma_rust2::XzReader;

use super::modules;

/// How every ar begins.
const MAGIC: &[u8; 8] = b"!<arch>\n";

/// A kernel, ready to be started.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// Its image.
    pub(crate) file: PathBuf,
    /// What the machine loads, in this order. Empty when all of it is built in.
    pub(crate) modules: Vec<PathBuf>,
    /// How the package was configured.
    pub(crate) config: Option<PathBuf>,
}

/// True for a Debian package.
pub(crate) fn is_package(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == MAGIC
}

/// Unpacks the kernel and its modules into `folder`.
pub(crate) fn unpack(package: &Path, folder: &Path) -> Result<()> {
    let (mut kernel, mut config, mut found) = (None, None, BTreeMap::new());
    let mut tar = tar::Archive::new(data(package).with_context(|| package.display().to_string())?);
    for entry in tar.entries()? {
        let mut entry = entry.context("the package is damaged")?;
        let path = entry.path()?.into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("vmlinuz-") {
            kernel = Some(read(&mut entry)?);
        } else if name.starts_with("config-") {
            config = Some(read(&mut entry)?);
        } else if let Some((module, compressed)) = modules::named(&name) {
            let content = read(&mut entry)?;
            let content = if compressed { read(&mut XzReader::new(&content[..], true))? } else { content };
            found.insert(module, content);
        }
    }
    lay_out(folder, &kernel.context("there is no kernel in this package")?, config, &found)
}

/// Writes down a kernel, and of its modules those that are needed.
pub(crate) fn lay_out(
    folder: &Path,
    kernel: &[u8],
    config: Option<Vec<u8>>,
    found: &BTreeMap<String, Vec<u8>>,
) -> Result<()> {
    std::fs::create_dir_all(folder.join("modules"))?;
    std::fs::write(folder.join("vmlinuz"), kernel)?;
    if let Some(config) = config {
        std::fs::write(folder.join("config"), config)?;
    }
    for (number, module) in modules::in_order(found).into_iter().enumerate() {
        std::fs::write(folder.join(format!("modules/{number:02}-{module}.ko")), &found[&module])?;
    }
    Ok(())
}

/// What was unpacked there.
pub(crate) fn unpacked(folder: &Path) -> Result<Kernel> {
    let entries = std::fs::read_dir(folder.join("modules")).with_context(|| folder.display().to_string())?;
    let mut modules = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    modules.sort();
    let config = Some(folder.join("config")).filter(|config| config.exists());
    Ok(Kernel { file: folder.join("vmlinuz"), modules, config })
}

fn read(from: &mut impl Read) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    from.read_to_end(&mut content)?;
    Ok(content)
}

/// The tar in the ar.
fn data(package: &Path) -> Result<Box<dyn Read>> {
    let mut file = File::open(package)?;
    file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    loop {
        // name, time, owner, group, mode, size, end: see ar(5).
        let mut header = [0; 60];
        file.read_exact(&mut header).context("there is no data in this package")?;
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&header[range]).trim().to_owned();
        let (name, size) = (text(0..16), text(48..58).parse::<u64>().context("a damaged ar")?);
        match name.trim_end_matches('/') {
            "data.tar" => return Ok(Box::new(BufReader::new(file.take(size)))),
            "data.tar.xz" => return Ok(Box::new(XzReader::new(BufReader::new(file.take(size)), true))),
            other if other.starts_with("data.tar") => {
                bail!(
                    "{other} is compressed in a way we do not know\nhint: unpack it, and give --kernel …/boot/vmlinuz-…"
                )
            }
            _ => file.seek(SeekFrom::Current(i64::try_from(size + size % 2)?))?,
        };
    }
}
