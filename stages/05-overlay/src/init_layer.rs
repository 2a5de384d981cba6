//! The init layer: what belongs to one container and to no image. It lies above the image and below what is written, and
//! a commit leaves it out.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::Kernel;

use crate::image::Image;

/// What a container has of its own before it has written anything.
#[derive(Clone, Debug, Default)]
pub struct InitLayer {
    /// The name it has for itself: /etc/hostname, and a line in /etc/hosts.
    pub hostname: String,
    /// Whom it asks for names: /etc/resolv.conf.
    pub resolv_conf: String,
    /// Where something will be mounted, and whether that is a directory. /proc, /sys and /dev are known.
    pub places: Vec<(PathBuf, bool)>,
    /// True for an ordinary user, who cannot give directories away.
    pub rootless: bool,
    /// True when the directory it goes to is there: something is mounted on it.
    pub is_mounted: bool,
}

/// Where every root has something mounted.
const ALWAYS: [&str; 3] = ["proc", "sys", "dev"];

impl InitLayer {
    /// For a container that has the name and the network of this host.
    pub fn of_this_host(places: Vec<(PathBuf, bool)>, rootless: bool) -> Self {
        let hostname = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
        let resolv_conf = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        Self { hostname, resolv_conf, places, rootless, is_mounted: false }
    }

    // ANCHOR: make
    /// Makes the layer in `directory`, for an image of these layers, lowest first. What is there already is kept, but for
    /// the three files.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn make(&self, kernel: &Kernel, directory: &Path, image: &[PathBuf]) -> Result<()> {
        let making = Making { kernel, layer: directory, image: Image(image), rootless: self.rootless };
        if !self.is_mounted {
            making.directory(
                Path::new(""),
                "what is this container's own, and no image's, has a layer between the two",
            )?;
        }
        let etc = making.image.resolve(Path::new("etc"));
        making.lead_to(&etc.join("hosts"))?;
        making.write(&etc.join("hostname"), &format!("{}\n", self.hostname))?;
        making.write(&etc.join("hosts"), &self.hosts())?;
        making.write(&etc.join("resolv.conf"), &self.resolv_conf)?;
        for place in ALWAYS {
            making.mount_point(place)?;
        }
        self.places.iter().try_for_each(|(place, is_directory)| making.place(place, *is_directory))
    }
    // ANCHOR_END: make

    fn hosts(&self) -> String {
        let name = &self.hostname;
        format!("127.0.0.1\tlocalhost {name}\n::1\tlocalhost {name}\n")
    }
}

struct Making<'a> {
    kernel: &'a Kernel,
    layer: &'a Path,
    image: Image<'a>,
    rootless: bool,
}

impl Making<'_> {
    /// A directory that looks like the image's, if the image has it: of two in a stack, the upper one's mode and owner
    /// are the ones seen.
    fn directory(&self, path: &Path, reason: &'static str) -> Result<()> {
        let ours: PathBuf = self.layer.components().chain(path.components()).collect();
        if ours.is_dir() {
            return Ok(());
        }
        let image = self.image.find(path).map(|(_, about)| about).filter(Metadata::is_dir);
        let mode = image.as_ref().map_or(0o755, |about| about.mode() & 0o7777);
        self.kernel.because(reason).mkdir(&ours, mode)?;
        // What we make is ours: in a user namespace, and in its rehearsal outside, under another number.
        let we = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        match image {
            Some(about) if !self.rootless && (about.uid(), about.gid()) != we => self
                .kernel
                .because("of two directories in a stack, the upper one's owner is the one seen")
                .lchown(&ours, about.uid(), about.gid()),
            _ => Ok(()),
        }
    }

    /// A directory of ours, whatever the image has: a link may lead anywhere. How it looks nobody will see, and no layer is
    /// asked about it: there may be a hundred.
    fn mount_point(&self, place: &str) -> Result<()> {
        let ours = self.layer.join(place);
        if ours.is_dir() {
            return Ok(());
        }
        let reason = "every root has something mounted here, whether the image has a place or not";
        self.kernel.because(reason).mkdir(&ours, 0o755)
    }

    /// The directories that lead to a place.
    fn lead_to(&self, place: &Path) -> Result<()> {
        let leading: Vec<_> = place.ancestors().skip(1).filter(|path| *path != Path::new("")).collect();
        leading
            .into_iter()
            .rev()
            .try_for_each(|path| self.directory(path, "it leads to a place of this container's own"))
    }

    /// A place to mount on, unless the image has one.
    fn place(&self, place: &Path, is_directory: bool) -> Result<()> {
        let place = self.image.resolve(place);
        if self.image.find(&place).is_some() || self.layer.join(&place).symlink_metadata().is_ok() {
            return Ok(());
        }
        self.lead_to(&place)?;
        if is_directory {
            return self.directory(&place, "something will be mounted here, and the image has no place for it");
        }
        self.kernel.because("a file is mounted on a file").create_file(self.layer.join(place), 0o644)
    }

    fn write(&self, path: &Path, content: &str) -> Result<()> {
        let path = self.layer.join(path);
        if path.symlink_metadata().is_ok() {
            self.kernel.because("it was written for an earlier run").unlink(&path)?;
        }
        self.kernel.because("a file of this container's own, which covers the image's").create_file(&path, 0o644)?;
        if content.is_empty() {
            return Ok(());
        }
        self.kernel.because("who it is and whom it asks, which is nothing an image can know").write(&path, content)
    }
}
