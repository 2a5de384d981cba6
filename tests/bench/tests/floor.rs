//! The floor is honest: every wall that it is measured with stands, and nothing is left when it has ended.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use bench::cgroups;
use bench::contender::Contender;
use bench::user::User;
use bench::walls::{NAMES, SCRIPT, around, difference};
use common::{FLOOR, can_make_user_namespaces, is_root, root, skip};

/// The floor as this user, with these options, and this inside.
fn floor(user: User, options: &[&str], root: &Path, inside: &[&str]) -> Contender {
    let root = root.display().to_string();
    let mut words = vec![FLOOR];
    words.extend((!user.is_root()).then_some("--user"));
    words.extend(options);
    words.push(&root);
    words.extend(inside);
    Contender::new("floor", &words).by(user)
}

fn walls(user: User, options: &[&str], root: &Path) -> BTreeSet<&'static str> {
    around(&floor(user, options, root, &["/bin/sh", "-c", SCRIPT])).unwrap_or_else(|error| panic!("{error:#}"))
}

fn all_but(names: &[&str]) -> BTreeSet<&'static str> {
    NAMES.into_iter().filter(|name| !names.contains(name)).collect()
}

#[test]
fn every_wall_stands_for_root() {
    if !is_root() {
        return skip(
            "floor::every_wall_stands_for_root",
            "Root",
            "this is an ordinary user",
            "run the tests as root too",
        );
    }
    let home = tempfile::tempdir().unwrap();
    let there = walls(User::Self_, &[], &root(home.path()));
    assert_eq!(difference(&all_but(&["user", "a cgroup"]), &there), "");
}

#[test]
fn every_wall_stands_for_an_ordinary_user() {
    let test = "floor::every_wall_stands_for_an_ordinary_user";
    if !can_make_user_namespaces() {
        return skip(test, "UserNamespaces", "this host refuses them", "see `doctor`");
    }
    let home = tempfile::tempdir().unwrap();
    common::open_to_all(home.path());
    let there = walls(User::ordinary(), &[], &root(home.path()));
    assert_eq!(difference(&all_but(&["a cgroup"]), &there), "");
}

#[test]
fn a_wall_that_is_left_out_does_not_stand() {
    if !is_root() {
        return skip("floor::a_wall_that_is_left_out", "Root", "this is an ordinary user", "run the tests as root too");
    }
    let home = tempfile::tempdir().unwrap();
    let root = root(home.path());
    for (left_out, gone) in [
        // A sysfs belongs to a network; and whose lo is up is then the host's affair.
        ("net", &["net", "/sys", "lo up"][..]),
        ("uts", &["uts"]),
        ("ipc", &["ipc"]),
        ("pid", &["pid"]),
        ("cgroup", &["cgroup"]),
        ("sys", &["/sys"]),
        ("pts", &["/dev/pts"]),
        ("shm", &["/dev/shm"]),
        ("mqueue", &["/dev/mqueue"]),
        ("read-only", &["read-only root"]),
    ] {
        let mut there = walls(User::Self_, &["--without", left_out], &root);
        if left_out == "net" {
            there.remove("lo up");
        }
        let wanted = all_but(&[gone, &["user", "a cgroup"]].concat());
        assert_eq!(difference(&wanted, &there), "", "without {left_out}");
    }
}

#[test]
fn a_container_has_a_cgroup_is_entered_and_removed() {
    let test = "floor::a_container_has_a_cgroup_is_entered_and_removed";
    let Some(own) = cgroups::make_own() else {
        return skip(test, "Root", "no cgroup of version 2 can be made by this user", "run the tests as root too");
    };
    let home = tempfile::tempdir().unwrap();
    let (root, group) = (root(home.path()), Path::new(&own.0).join("box"));
    let shown = group.display().to_string();
    assert!(walls(User::Self_, &["--cgroup", &shown], &root).contains("a cgroup"));
    assert!(!group.exists(), "it removes the cgroup that it has made");
    let started = floor(User::Self_, &["--cgroup", &shown, "--detach"], &root, &["/bin/sleep", "1000"]);
    let pid = started.answer().unwrap_or_else(|error| panic!("{error:#}")).1;
    let seen = "test $(hostname) = box && grep -q ^0::/$ /proc/self/cgroup && test -d /proc/1 && ! touch /written";
    let entered = Contender::new("exec", &[FLOOR, "exec", pid.trim(), &shown, "/bin/sh", "-c", seen]).run();
    let removed = Contender::new("remove", &[FLOOR, "remove", &shown]).run();
    own.remove().unwrap();
    entered.unwrap();
    removed.unwrap();
    assert!(!group.exists());
}

#[test]
fn layers_are_seen_and_leave_nothing() {
    if !is_root() {
        return skip("floor::layers_are_seen", "Root", "this is an ordinary user", "run the tests as root too");
    }
    let home = tempfile::tempdir().unwrap();
    let root = root(home.path());
    for place in ["2/etc", "3/etc", "merged"] {
        std::fs::create_dir_all(home.path().join(place)).unwrap();
    }
    std::os::unix::fs::symlink(&root, home.path().join("1")).unwrap();
    std::fs::write(home.path().join("2/etc/layer"), "two").unwrap();
    std::fs::write(home.path().join("3/etc/layer"), "three").unwrap();
    let (merged, layers) = (home.path().join("merged"), format!("{}:3", home.path().display()));
    let seen = ["/bin/sh", "-c", "test $(cat /etc/layer) = three && echo x >/written && rm /written"];
    floor(User::Self_, &["--layers", &layers], &merged, &seen).run().unwrap_or_else(|error| panic!("{error:#}"));
    assert!(!home.path().join("upper").exists() && !home.path().join("work").exists());
}

#[test]
fn what_is_refused_is_said_with_its_step() {
    let refused = Contender::new("floor", &[FLOOR, "--without", "gravity", "/", "/bin/true"]).run().unwrap_err();
    assert!(format!("{refused:#}").contains("usage: floor"), "{refused:#}");
    if is_root() {
        let refused = floor(User::Self_, &[], Path::new("/no/such/root"), &["/bin/true"]).run().unwrap_err();
        assert!(format!("{refused:#}").contains("mount(root, bind): No such file"), "{refused:#}");
    }
}
