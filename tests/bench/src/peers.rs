//! Whom we are compared with: what is installed, and which version.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::contender::PATH;

/// Everyone that some measurement asks for.
pub const ALL: [&str; 13] = [
    "crun", "runc", "youki", "bwrap", "unshare", "podman", "nsenter", "tar", "gzip", "bsdtar", "pigz", "umoci",
    "valgrind",
];

/// Where a program is, if it is there.
pub fn which(program: &str) -> Option<PathBuf> {
    PATH.split(':').map(|directory| Path::new(directory).join(program)).find(|path| path.is_file())
}

/// The first line that it says about its version.
pub fn version(program: &str) -> Option<String> {
    let asked =
        Command::new(which(program)?).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&asked.stdout);
    text.lines().next().map(|line| line.trim().to_owned())
}

/// Sorts names into those that are there, with their versions, and those that are not.
pub fn look_for(names: &[&str]) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut there, mut missing) = (BTreeMap::new(), Vec::new());
    for name in names {
        match version(name) {
            Some(version) => drop(there.insert((*name).to_owned(), version)),
            None => missing.push((*name).to_owned()),
        }
    }
    (there, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_there_is_named() {
        let (there, missing) = look_for(&["sh", "no-such-runtime", "tar"]);
        assert!(there.contains_key("tar"), "{there:?}");
        assert!(missing.contains(&"no-such-runtime".to_owned()), "{missing:?}");
    }
}
