//! Layers looked at before they are stacked: the kernel has one errno for many mistakes.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use groundwork::host::{Here, Host};
use groundwork::refusal::WithHint;
use unshare::user::Maps;

/// OVL_MAX_STACK of fs/overlayfs: how many lower layers the kernel takes. One is the container's own.
const MOST_LAYERS: usize = 500;

// ANCHOR: find_layers
/// The layers by their real names, lowest first as they were given.
///
/// # Errors
/// One is missing, is a file, is given twice, or lies in another; there are too many.
pub fn find_layers(layers: &[PathBuf]) -> Result<Vec<PathBuf>> {
    ensure!(layers.len() < MOST_LAYERS, "{}", too_many(layers.len()));
    let (mut finder, mut found): (_, Vec<PathBuf>) = (Finder::default(), Vec::new());
    for layer in layers {
        let shown = layer.display();
        let real = finder.find(layer).map_err(|error| anyhow!("--layer {shown}: {}", in_words(&error)));
        let (real, about) = real.hint(format!("`unpack-layer ARCHIVE.tar {shown}` makes a layer of an archive"))?;
        if !about.is_dir() {
            return Err(anyhow!("--layer {shown} is not a directory"))
                .hint(format!("`unpack-layer {shown} DIR` makes a layer of an archive"));
        }
        ensure!(!found.contains(&real), "--layer {shown} is given twice; the kernel takes each directory once");
        let around = found.iter().find(|other| real.starts_with(other) || other.starts_with(&real));
        if let Some(other) = around {
            bail!("--layer {shown}: of {} and {}, one lies in the other; copy it out", real.display(), other.display());
        }
        found.push(real);
    }
    Ok(found)
}
// ANCHOR_END: find_layers

/// Finds directories that mostly lie side by side, as layers do: the way to them is walked once.
#[derive(Debug, Default)]
pub struct Finder {
    /// The directory around the last one, as it was called and by its real name.
    around: Option<(PathBuf, PathBuf)>,
}

impl Finder {
    /// The real name of `path`, as [`Path::canonicalize`] gives it, and what is there. That asks about each directory on the
    /// way; this asks about the last one alone, where the others are known.
    ///
    /// # Errors
    /// Those of realpath(3).
    pub fn find(&mut self, path: &Path) -> io::Result<(PathBuf, Metadata)> {
        if let (Some(around), Some(name)) = (path.parent(), path.file_name()) {
            let found = self.real(around)?.join(name);
            let about = found.symlink_metadata()?;
            if !about.is_symlink() {
                return Ok((found, about));
            }
        }
        let found = path.canonicalize()?;
        let about = found.metadata()?;
        Ok((found, about))
    }

    fn real(&mut self, around: &Path) -> io::Result<&Path> {
        let known = self.around.take().filter(|(called, _)| called == around);
        let known = match known {
            Some(known) => known,
            None => (around.to_owned(), Path::new(".").join(around).canonicalize()?),
        };
        Ok(&self.around.insert(known).1)
    }
}

fn too_many(count: usize) -> String {
    format!(
        "{count} layers and the container's own are more than the {MOST_LAYERS} that the kernel lays over each other; merge \
         some of them into one: `unpack-layer --apply` does"
    )
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        _ => error.to_string(),
    }
}

// ANCHOR: strangers
/// The layers that belong to somebody else than the caller: each with that user's id, as it is outside.
pub fn of_others(layers: &[PathBuf]) -> Vec<(PathBuf, u32)> {
    let owner = |layer: &PathBuf| layer.metadata().map(|about| (layer.clone(), about.uid())).ok();
    layers.iter().filter_map(owner).filter(|(_, user)| *user != nix::unistd::geteuid().as_raw()).collect()
}

/// Says which of them cannot be changed, because inside there is no such user.
///
/// Root inside has no rights over them: EACCES. And where everyone may write, what is changed is copied up first, and a
/// copy cannot have an owner whom the user namespace does not map: EOVERFLOW.
pub fn note_strangers(of_others: &[(PathBuf, u32)], maps: Option<&Maps>) {
    let Some(maps) = maps else { return };
    let is_mapped =
        |user: u32| maps.users.iter().any(|range| user.checked_sub(range.outside).is_some_and(|at| at < range.count));
    for (layer, user) in of_others.iter().filter(|(_, user)| !is_mapped(*user)) {
        eprintln!(
            "note: {} belongs to user {user}, who is nobody inside: what is in it can be read, and not changed. Make the \
             layer as the user you are",
            layer.display()
        );
    }
}
// ANCHOR_END: strangers

/// That what is written does not land in a layer, and no layer in what is written.
///
/// # Errors
/// One lies in the other.
pub(crate) fn check_apart(layers: &[PathBuf], state: &Path) -> Result<()> {
    for layer in layers {
        let (layer_shown, state_shown) = (layer.display(), state.display());
        if state.starts_with(layer) {
            bail!("--state {state_shown} lies in the layer {layer_shown}, which would hold itself; put it elsewhere");
        }
        if layer.starts_with(state) {
            bail!("the layer {layer_shown} lies in --state {state_shown}, which is written to; commit it first");
        }
    }
    Ok(())
}

/// File systems that the kernel refuses as an upper layer, and one that keeps no attributes at all.
const NO_UPPER: [&str; 10] = ["overlay", "nfs", "nfs4", "vfat", "exfat", "ntfs3", "9p", "cifs", "squashfs", "ramfs"];

// ANCHOR: upper_refusal
/// Why an upper layer cannot lie in `directory`, if it cannot.
///
/// overlayfs writes down in extended attributes which directories begin anew. Without them it mounts, and then answers
/// EIO when a directory is made that was deleted before.
pub(crate) fn upper_refusal(directory: &Path, rootless: bool) -> Option<String> {
    let host: &dyn Host = &Here;
    let fstype = host.mount_under(directory)?.fstype;
    if NO_UPPER.contains(&fstype.as_str()) || fstype.starts_with("fuse") {
        return Some(format!("{} lies on {fstype}, which cannot carry an upper layer", directory.display()));
    }
    if rootless && fstype == "tmpfs" && !host.is_kernel_at_least(6, 6) {
        let shown = directory.display();
        return Some(format!("{shown} lies on tmpfs, which keeps attributes for ordinary users only since Linux 6.6"));
    }
    None
}
// ANCHOR_END: upper_refusal

#[cfg(test)]
mod tests {
    use super::*;
    use groundwork::Hint;

    #[test]
    fn layers_and_state_lie_apart() {
        let layers = ["/srv/base".into(), "/srv/app".into()];
        assert!(check_apart(&layers, Path::new("/srv/box")).is_ok());
        assert!(check_apart(&layers, Path::new("/srv/base-box")).is_ok());
        assert!(check_apart(&layers, Path::new("/srv/app/box")).unwrap_err().to_string().contains("hold itself"));
        assert!(check_apart(&layers, Path::new("/srv")).unwrap_err().to_string().contains("commit it"));
    }

    #[test]
    fn what_lies_side_by_side_is_found_as_realpath_finds_it() {
        let place = tempfile::tempdir().unwrap();
        let here = place.path();
        for directory in ["one", "two", "elsewhere/three"] {
            std::fs::create_dir_all(here.join(directory)).unwrap();
        }
        std::fs::write(here.join("file"), "").unwrap();
        std::os::unix::fs::symlink("elsewhere", here.join("link")).unwrap();
        std::os::unix::fs::symlink("link/three", here.join("to three")).unwrap();
        let mut finder = Finder::default();
        for path in [
            "one",
            "two",
            "link/three",
            "link/../two",
            "to three",
            "elsewhere/three/",
            "one/..",
            ".",
            "",
            "link",
            "file",
            "missing",
            "missing/one",
            "file/one",
            "two/../one",
        ] {
            let path = here.join(path);
            let found = finder.find(&path);
            let (ours, about) = found.map_or((None, None), |(real, about)| (Some(real), Some(about.is_dir())));
            assert_eq!(ours, path.canonicalize().ok(), "{}", path.display());
            assert_eq!(about, path.metadata().ok().map(|about| about.is_dir()), "{}", path.display());
        }
        for path in ["src", "/", ".."].map(Path::new) {
            assert_eq!(finder.find(path).unwrap().0, path.canonicalize().unwrap());
        }
    }

    #[test]
    fn a_layer_is_a_directory_and_given_once() {
        let place = tempfile::tempdir().unwrap();
        let (base, file, link) = (place.path().join("base"), place.path().join("file"), place.path().join("link"));
        std::fs::create_dir(&base).unwrap();
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&base, &link).unwrap();
        let error = |layers: &[&PathBuf]| {
            let layers: Vec<_> = layers.iter().map(|layer| (*layer).clone()).collect();
            Hint::without(&find_layers(&layers).unwrap_err())
        };
        assert_eq!(find_layers(std::slice::from_ref(&base)).unwrap(), [base.canonicalize().unwrap()]);
        assert!(error(&[&base, &link]).contains("given twice"), "{}", error(&[&base, &link]));
        let inside = base.join("inside");
        std::fs::create_dir(&inside).unwrap();
        assert!(error(&[&base, &inside]).contains("one lies in the other"), "{}", error(&[&base, &inside]));
        assert!(error(&[&file]).ends_with("is not a directory"), "{}", error(&[&file]));
        let many = error(&vec![&base; MOST_LAYERS]);
        assert!(many.starts_with("500 layers and the container's own are more than the 500"), "{many}");
        let missing = error(&[&place.path().join("missing")]);
        assert!(missing.ends_with("there is no such directory"), "{missing}");
    }
}
