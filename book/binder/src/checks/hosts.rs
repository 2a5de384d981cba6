//! Links that lead out of the book lead to places which stay, and to a version of a file.

use super::book::{Book, Part};

/// Manuals, standards, and the sources and specifications that the book speaks of.
const STABLE: [&str; 23] = [
    "https://man7.org/linux/man-pages/",
    "https://docs.kernel.org/",
    "https://www.kernel.org/doc/",
    "https://pubs.opengroup.org/",
    "https://doc.rust-lang.org/",
    "https://nvd.nist.gov/vuln/detail/",
    "https://github.com/opencontainers/",
    "https://github.com/containers/",
    "https://github.com/moby/moby/",
    "https://github.com/docker/cli/",
    "https://github.com/youki-dev/youki/",
    "https://github.com/rootless-containers/",
    "https://github.com/containernetworking/",
    "https://github.com/containerd/containerd/",
    "https://github.com/firecracker-microvm/firecracker/",
    "https://github.com/torvalds/linux/",
    "https://github.com/systemd/systemd/",
    "https://github.com/bminor/glibc/",
    // What a host of another make says of itself.
    "https://containers.dev/",
    "https://docs.github.com/",
    "https://documentation.ubuntu.com/",
    "https://learn.microsoft.com/",
    "https://lima-vm.io/docs/",
];

/// What follows `blob/` or `tree/` where the file may be another one tomorrow.
const MOVING: [&str; 3] = ["main", "master", "HEAD"];

/// Links to elsewhere, and to what moves.
pub fn wrong(book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for chapter in &book.chapters {
        for (line, part) in chapter.prose() {
            let Part::Link(target) = part else { continue };
            wrong.extend(complaint(&target).map(|what| format!("{}: {target}: {what}", chapter.at(line))));
        }
    }
    wrong
}

fn complaint(target: &str) -> Option<&'static str> {
    if !target.contains("://") {
        return None;
    }
    if !STABLE.iter().any(|place| target.starts_with(place)) {
        return Some("none of the places in book/binder/src/checks/hosts.rs");
    }
    let mut parts = target.split('/').skip_while(|part| !["blob", "tree"].contains(part)).skip(1);
    let moves = parts.next().is_some_and(|version| MOVING.contains(&version));
    moves.then_some("a branch; name a version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_version_at_a_place_that_stays() {
        for good in ["04-pivot.md#idea", "https://man7.org/linux/man-pages/man2/mount.2.html"] {
            assert_eq!(complaint(good), None, "{good}");
        }
        assert_eq!(complaint("https://github.com/opencontainers/runc/blob/v1.3.0/README.md"), None);
        for bad in
            ["https://example.org/", "http://man7.org/x", "https://github.com/opencontainers/runc/blob/main/a.go"]
        {
            assert!(complaint(bad).is_some(), "{bad}");
        }
    }
}
