//! Layers looked at as the one tree that they will be, before anything is mounted: which file a path leads to.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

/// Layers, lowest first.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a>(pub(crate) &'a [PathBuf]);

/// How many symbolic links the kernel follows before it says ELOOP.
const MOST_LINKS: usize = 40;

/// A file of a layer, and what it is.
pub(crate) type Found = (PathBuf, Metadata);

/// What one layer says about a path.
enum Said {
    Here(Found),
    /// Gone, or covered by something that is no directory: layers below are not asked.
    Hidden,
    Nothing,
}

impl Image<'_> {
    /// The file that will be seen by this name. No directory on the way to it may be a symbolic link.
    pub(crate) fn find(self, path: &Path) -> Option<Found> {
        for layer in self.0.iter().rev() {
            match ask(layer, path) {
                Said::Here(found) => return Some(found),
                Said::Hidden => return None,
                Said::Nothing => {}
            }
        }
        None
    }

    /// The path without symbolic links, "." and "..", as the kernel will walk it with this tree as its root. What is not
    /// there is taken for a directory.
    pub(crate) fn resolve(self, path: &Path) -> PathBuf {
        let mut ahead = parts(path);
        let (mut done, mut links) = (PathBuf::new(), 0);
        while let Some(part) = ahead.pop() {
            if part == Path::new("..") {
                done.pop();
                continue;
            }
            let next = done.join(&part);
            match self.link(&next) {
                Some(target) if links < MOST_LINKS => {
                    links += 1;
                    if target.is_absolute() {
                        done = PathBuf::new();
                    }
                    ahead.extend(parts(&target));
                }
                _ => done = next,
            }
        }
        done
    }

    fn link(self, path: &Path) -> Option<PathBuf> {
        let (found, about) = self.find(path)?;
        if about.is_symlink() { std::fs::read_link(found).ok() } else { None }
    }
}

// ANCHOR: ask
/// Follows a path down one layer, as overlayfs does.
fn ask(layer: &Path, path: &Path) -> Said {
    let mut here = layer.to_owned();
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        here.push(part);
        match here.symlink_metadata() {
            Err(_) => {
                let mut leading = here.ancestors().skip(1).take_while(|directory| *directory != layer);
                return if leading.any(begins_anew) { Said::Hidden } else { Said::Nothing };
            }
            Ok(about) if is_whiteout(&about) => return Said::Hidden,
            Ok(about) if parts.peek().is_none() => return Said::Here((here, about)),
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Said::Hidden,
        }
    }
    layer.metadata().map_or(Said::Nothing, |about| Said::Here((here, about)))
}
// ANCHOR_END: ask

fn is_whiteout(about: &Metadata) -> bool {
    about.file_type().is_char_device() && about.rdev() == 0
}

/// True for a directory that is marked as opaque, be it by root or by root of a user namespace.
fn begins_anew(directory: &Path) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        let mut value = [0; 1];
        rustix::fs::lgetxattr(directory, *name, &mut value).is_ok_and(|length| value[..length] == *b"y")
    })
}

/// The components of a path, the last one first, without "/" and ".".
fn parts(path: &Path) -> Vec<PathBuf> {
    let kept = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    let mut parts: Vec<_> = kept.map(|part| PathBuf::from(part.as_os_str())).collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};
    use std::os::unix::fs::symlink;

    /// Two layers with these in them.
    fn image(lower: impl Fn(&Path), upper: impl Fn(&Path)) -> (tempfile::TempDir, [PathBuf; 2]) {
        let place = tempfile::tempdir().unwrap();
        let layers = ["lower", "upper"].map(|name| place.path().join(name));
        for (layer, fill) in layers.iter().zip([&lower as &dyn Fn(&Path), &upper]) {
            create_dir_all(layer).unwrap();
            fill(layer);
        }
        (place, layers)
    }

    fn found(layers: &[PathBuf], path: &str) -> Option<PathBuf> {
        Image(layers).find(Path::new(path)).map(|(found, _)| found)
    }

    #[test]
    fn the_uppermost_file_of_a_name_is_the_one_that_is_seen() {
        let (_place, layers) = image(
            |lower| {
                create_dir_all(lower.join("etc/below")).unwrap();
                write(lower.join("etc/hosts"), "lower").unwrap();
            },
            |upper| {
                create_dir_all(upper.join("etc")).unwrap();
                write(upper.join("etc/hosts"), "upper").unwrap();
            },
        );
        assert_eq!(found(&layers, "etc/hosts"), Some(layers[1].join("etc/hosts")));
        assert_eq!(found(&layers, "etc/below"), Some(layers[0].join("etc/below")));
        assert_eq!(found(&layers, "etc/nothing"), None);
        assert_eq!(found(&layers, ""), Some(layers[1].join("")));
    }

    #[test]
    fn a_file_hides_the_directory_below_it() {
        let lower = |lower: &Path| create_dir_all(lower.join("data/inner")).unwrap();
        let (_place, layers) = image(lower, |upper| write(upper.join("data"), "").unwrap());
        assert_eq!(found(&layers, "data/inner"), None);
        assert_eq!(found(&layers, "data"), Some(layers[1].join("data")));
    }

    #[test]
    fn a_directory_that_begins_anew_hides_what_is_below_it() {
        let mark = |upper: &Path| {
            create_dir_all(upper.join("data/new")).unwrap();
            let flags = rustix::fs::XattrFlags::empty();
            let _ = rustix::fs::setxattr(upper.join("data"), "user.overlay.opaque", b"y", flags);
        };
        let (_place, layers) = image(|lower| create_dir_all(lower.join("data/inner")).unwrap(), mark);
        if !begins_anew(&layers[1].join("data")) {
            eprintln!("skipped: no extended attributes in {}", layers[1].display());
            return;
        }
        assert_eq!(found(&layers, "data/inner"), None);
        assert!(found(&layers, "data/new").is_some());
    }

    #[test]
    fn links_are_followed_inside_the_tree_and_never_out_of_it() {
        let (_place, layers) = image(
            |lower| {
                create_dir_all(lower.join("usr/bin")).unwrap();
                symlink("usr/bin", lower.join("bin")).unwrap();
                symlink("/run", lower.join("var")).unwrap();
                symlink("../../../../etc", lower.join("usr/up")).unwrap();
                symlink("loop", lower.join("loop")).unwrap();
            },
            |upper| symlink("/usr", upper.join("opt")).unwrap(),
        );
        let resolve = |path: &str| Image(&layers).resolve(Path::new(path));
        assert_eq!(resolve("/bin/sh"), Path::new("usr/bin/sh"));
        assert_eq!(resolve("/var/lock/x"), Path::new("run/lock/x"));
        assert_eq!(resolve("/usr/up/passwd"), Path::new("etc/passwd"));
        assert_eq!(resolve("/opt/bin/./../lib"), Path::new("usr/lib"));
        assert_eq!(resolve("/../x"), Path::new("x"));
        assert_eq!(resolve("/loop"), Path::new("loop"));
    }
}
