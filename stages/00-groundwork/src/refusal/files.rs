//! Files and directories: who may write where, and whose they may be.

use std::path::{Path, PathBuf};

use nix::errno::Errno::{EACCES, EINVAL, ELOOP, ENOENT, ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM, EROFS};

use crate::refusal::asked::{Asked, say};

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let is_chown = asked.name.contains("chown");
    match asked.errno {
        EROFS => read_only(asked),
        EACCES => denied(&target(asked)?),
        ENOENT => missing(asked),
        ELOOP if asked.name == "openat" => {
            let shown = asked.shown(1);
            say(format!("{shown} is a link that leads back to itself"), format!("see where it leads: `namei {shown}`"))
        }
        ENOSPC if target(asked).is_some() => {
            say("that file system is full, or has no inodes left", "`df -h` and `df -i`")
        }
        EOVERFLOW => say(
            "this process has an id that its user namespace does not map, and cannot own a file",
            "write uid_map and gid_map first, and take an id of theirs",
        ),
        EINVAL if is_chown => say(
            "that owner is not mapped into this user namespace",
            "have a range of ids mapped by newuidmap(1) and newgidmap(1), or leave owners alone",
        ),
        EPERM if is_chown => {
            say("only root gives files away", "do it as root, be it of a user namespace that maps the owner")
        }
        EPERM if asked.name.ends_with("setxattr") && asked.says("\"trusted.") => {
            say("attributes in `trusted.` are for root of the host", "use those in `user.`: userxattr, for an overlay")
        }
        EOPNOTSUPP if asked.name.ends_with("setxattr") => say(
            "this file system keeps no such attributes",
            "use ext4, xfs, btrfs or tmpfs (`user.` there since Linux 6.6)",
        ),
        _ => None,
    }
}

/// The place that a call would make or write.
fn target(asked: &Asked<'_>) -> Option<PathBuf> {
    let index = match asked.name {
        "mkdir" | "rmdir" | "mknod" | "chmod" | "lchown" => 0,
        "openat" | "symlink" | "mkdirat" | "fchmodat" | "fchownat" | "unlinkat" => 1,
        _ => return None,
    };
    asked.path(index)
}

fn missing(asked: &Asked<'_>) -> Option<String> {
    // Below another directory than ours, a name says too little.
    let is_below_another = asked.word(0).starts_with(|first: char| first.is_ascii_digit());
    let target = target(asked).filter(|target| target.is_absolute() || !is_below_another)?;
    let place = target.parent().filter(|place| !place.as_os_str().is_empty() && !asked.host.has(place));
    match place.map(Path::display) {
        Some(place) => say(format!("there is no directory {place}"), format!("`mkdir -p {place}` makes it")),
        None => say(format!("there is no {} as this process sees it", target.display()), "name what exists"),
    }
}

fn read_only(asked: &Asked<'_>) -> Option<String> {
    let target = target(asked)?;
    let place = target.ancestors().find(|path| asked.host.has(path)).unwrap_or(Path::new("/"));
    let mount = asked.host.mount_under(place)?;
    say(
        format!("{} lies on {}, which is mounted read-only", target.display(), mount.target.display()),
        "write elsewhere, or mount a tmpfs or a volume there",
    )
}

fn denied(target: &Path) -> Option<String> {
    let shown = target.display();
    say(format!("this user may not do that to {shown}"), format!("see who may: `namei -l {shown}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Elsewhere;
    use crate::refusal::asked::hint_on;

    #[test]
    fn the_mount_that_is_read_only_is_named() {
        let host = Elsewhere::root().mounted("40 28 0:30 / /usr ro - ext4 /dev/sdb ro").directory("/usr");
        let hint = hint_on(&host, "mkdir", &["\"/usr/local/box\"", "0755"], EROFS).unwrap();
        assert!(hint.contains("lies on /usr, which is mounted read-only"), "{hint}");
    }

    #[test]
    fn a_missing_file_is_told_from_a_missing_directory() {
        let host = Elsewhere::ordinary().directory("/home/ann");
        let open = |path: &str| hint_on(&host, "openat", &["AT_FDCWD", path, "O_WRONLY|O_CREAT"], ENOENT).unwrap();
        assert!(open("\"/home/ann/no/file\"").contains("`mkdir -p /home/ann/no`"));
        assert!(open("\"/home/ann/file\"").contains("there is no /home/ann/file"));
        assert!(open("\"no/file\"").contains("`mkdir -p no`"));
        assert_eq!(hint_on(&host, "openat", &["7</home>", "\"bob/file\"", "O_RDONLY"], ENOENT), None);
    }

    #[test]
    fn an_unmapped_id_is_told_from_an_unmapped_owner() {
        let host = Elsewhere::rootless();
        let mkdir = hint_on(&host, "mkdir", &["\"/tmp/box\"", "0755"], EOVERFLOW).unwrap();
        assert!(mkdir.contains("write uid_map"), "{mkdir}");
        let chown = hint_on(&host, "lchown", &["\"/tmp/box\"", "5", "5"], EINVAL).unwrap();
        assert!(chown.contains("that owner is not mapped"), "{chown}");
    }
}
