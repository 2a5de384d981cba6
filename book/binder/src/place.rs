//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository, and where cargo builds.
#[derive(Clone, Debug)]
pub struct Place {
    /// The root of the repository.
    pub repository: PathBuf,
    /// Where cargo builds: `target`, or `$CARGO_TARGET_DIR`.
    pub target: PathBuf,
}

impl Place {
    /// The repository that this program was built in.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn find() -> Result<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let repository = repository.canonicalize().with_context(|| repository.display().to_string())?;
        let target = target().unwrap_or_else(|| repository.join("target"));
        Ok(Self { repository, target })
    }

    /// The folder of the book.
    pub fn book(&self) -> PathBuf {
        self.repository.join("book")
    }

    /// The folder of its chapters.
    pub fn chapters(&self) -> PathBuf {
        self.book().join("src")
    }

    /// The folder that its pages are written to.
    pub fn pages(&self) -> PathBuf {
        self.target.join("book")
    }

    /// A path as one names it in the repository: `stages/04-pivot/src/pivot.rs`.
    pub fn named(&self, path: &Path) -> String {
        path.strip_prefix(&self.repository).unwrap_or(path).display().to_string()
    }
}

/// The folder above this program that cargo has marked as one that need not be backed up.
fn target() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    here.ancestors().find(|above| above.join("CACHEDIR.TAG").exists()).map(Path::to_owned)
}
