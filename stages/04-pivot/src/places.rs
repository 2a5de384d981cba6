//! A root and its mount points, looked at before anything is made: from inside, the host's paths mean nothing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use groundwork::kernel::in_root;
use groundwork::refusal::WithHint;

use crate::additions::{Additions, Ground};
use crate::furnish::plain;

/// Where the kernel's views and the devices go.
const FURNITURE: [&str; 3] = ["proc", "sys", "dev"];

/// The directory that is to become "/", by its real name.
///
/// # Errors
/// There is none; it is a file; it is "/" already.
pub fn find_root(root: &Path) -> Result<PathBuf> {
    let shown = root.display();
    let real = root.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("{shown}: there is no such directory"),
        _ => anyhow!("{shown}: {error}"),
    });
    let real = real.hint("`rootfs-scripts/host.sh DIR` makes a root of this machine's own programs")?;
    ensure!(real.is_dir(), "{shown} is not a directory; name one that holds a root file system");
    ensure!(real != Path::new("/"), "{shown} is the root already; name a directory below it");
    Ok(real)
}

// ANCHOR: check_places
/// That `root` has a place for everything that will be mounted in it.
///
/// Nothing is made there: it is somebody's tree, and would keep an empty directory for ever.
///
/// # Errors
/// A sentence on what is missing, and the command that makes it.
pub fn check_places(root: &Path, additions: &Additions) -> Result<()> {
    let mut missing = Missing::default();
    for place in FURNITURE {
        missing.look(root, &Path::new("/").join(place), true)?;
        plain(root.join(place))?;
    }
    for (place, is_directory) in places_in_root(additions)? {
        missing.look(root, &place, is_directory)?;
    }
    missing.report()
}
// ANCHOR_END: check_places

/// The places that a root must have for these, and whether each is a directory or a file.
///
/// # Errors
/// A volume is not there, or lacks the place for another one that is to be mounted in it.
pub fn places_in_root(additions: &Additions) -> Result<Vec<(PathBuf, bool)>> {
    let (mut places, mut missing) = (Vec::new(), Missing::default());
    for (target, volume) in additions.in_order() {
        let is_directory = volume.map_or(Ok(true), |volume| is_directory(&volume.source))?;
        match additions.ground(target) {
            Ground::Root => places.push((target.to_owned(), is_directory)),
            Ground::Volume(around) => {
                let rest = target.strip_prefix(&around.target).unwrap_or(target);
                missing.look(&around.source, &Path::new("/").join(rest), is_directory)?;
            }
            Ground::Memory(_) | Ground::Kernel => {}
        }
    }
    missing.report().map(|()| places)
}

fn is_directory(source: &Path) -> Result<bool> {
    let about = std::fs::metadata(source).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("--volume: there is no {} on this host", source.display()),
        _ => anyhow!("--volume: {}: {error}", source.display()),
    })?;
    Ok(about.is_dir())
}

#[derive(Default)]
struct Missing {
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Missing {
    fn look(&mut self, root: &Path, place: &Path, is_directory: bool) -> Result<()> {
        let shown = root.join(place.strip_prefix("/").unwrap_or(place));
        match in_root(root, place) {
            None if is_directory => self.directories.push(shown),
            None => self.files.push(shown),
            Some(found) if found == root => bail!("{} is a symbolic link to the root itself", shown.display()),
            Some(found) if found.is_dir() != is_directory => {
                let (there, wanted) = if is_directory { ("file", "directory") } else { ("directory", "file") };
                bail!("{} is a {there}, and only a {there} can be mounted there, not a {wanted}", shown.display());
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn report(self) -> Result<()> {
        let all: Vec<_> = self.directories.iter().chain(&self.files).map(|place| place.display().to_string()).collect();
        if all.is_empty() {
            return Ok(());
        }
        let leading = self.files.iter().filter_map(|file| file.parent()).filter(|parent| !parent.exists());
        let directories = self.directories.iter().map(PathBuf::as_path).chain(leading).collect();
        let files = self.files.iter().map(PathBuf::as_path).collect();
        let commands: [(_, Vec<&Path>); 2] = [("mkdir -p", directories), ("touch", files)];
        let commands = commands.iter().filter(|(_, places)| !places.is_empty()).map(|(command, places)| {
            let quoted: Vec<_> = places.iter().map(|place| quote(place)).collect();
            format!("{command} {}", quoted.join(" "))
        });
        let commands = commands.collect::<Vec<_>>().join(" && ");
        Err(anyhow!("there is nothing to mount on at {}", all.join(", ")))
            .hint(format!("nothing is made in your tree behind your back: `{commands}`"))
    }
}

/// A path as a shell takes it.
fn quote(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+:@%,".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied_into_a_shell() {
        assert_eq!(quote("/srv/box-1.0".as_ref()), "/srv/box-1.0");
        assert_eq!(quote("/srv/my box".as_ref()), "'/srv/my box'");
        assert_eq!(quote("/it's".as_ref()), r"'/it'\''s'");
        assert_eq!(quote("/$HOME".as_ref()), "'/$HOME'");
    }
}
