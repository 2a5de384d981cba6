//! Where what is made once is kept: kernels, images, disks.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder. `BOXWRIGHT_VM` says another.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The one of this user.
    pub(crate) fn open() -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = variable("BOXWRIGHT_VM")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("boxwright/vm")))
            .or_else(|| Some(variable("HOME")?.join(".cache/boxwright/vm")))
            .context("neither BOXWRIGHT_VM nor HOME says where to keep the machine")?;
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { folder })
    }

    /// A file of it.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Nobody else prepares until this is let go of.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path("lock");
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        file.lock().with_context(|| path.display().to_string())?;
        Ok(file)
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
    write(file.as_file_mut())?;
    file.persist(path).with_context(|| path.display().to_string())?;
    Ok(())
}
