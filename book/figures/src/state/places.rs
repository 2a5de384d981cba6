//! Where a process begins its paths: chroot(2), chdir(2) and pivot_root(2).

use super::State;
use crate::trace::Step;

impl State {
    pub(super) fn places_change(&mut self, step: &Step) {
        let path = step.argument(0).to_owned();
        let Some(process) = self.process_mut(step.pid) else { return };
        match step.call.as_str() {
            "chdir" => process.directory = resolved(&process.root, &process.directory, &path),
            "chroot" => process.root = resolved(&process.root, &process.directory, &path),
            "pivot_root" => {
                "/".clone_into(&mut process.root);
                "/".clone_into(&mut process.directory);
            }
            _ => {}
        }
    }
}

/// As the kernel walks: `..` leads up everywhere but at the root, and whoever is not below it never comes by it.
fn resolved(root: &str, directory: &str, path: &str) -> String {
    let mut at = if path.starts_with('/') { root.to_owned() } else { directory.to_owned() };
    // A path that begins with a word of ours stands for an absolute one.
    if path.starts_with('$') {
        at = if root == "/" { String::new() } else { root.to_owned() + "/" };
        return at + path;
    }
    for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
        if name != ".." {
            at = format!("{}/{name}", at.trim_end_matches('/'));
        } else if at != root {
            at = at.rsplit_once('/').map_or("/", |(above, _)| if above.is_empty() { "/" } else { above }).to_owned();
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_cannot_be_left_by_going_up_from_it() {
        assert_eq!(resolved("/a", "/a", ".."), "/a");
        assert_eq!(resolved("/a", "/b/c", "../.."), "/");
        assert_eq!(resolved("/", "/b", "/c/./d"), "/c/d");
    }
}
