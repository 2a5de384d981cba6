//! Directories made up to look like cgroups: what the kernel would refuse there is tried by the judges.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A tree of cgroups with this own directory, each with the controllers it was handed.
fn tree(own: &str, controllers: &[(&str, &str)]) -> (TempDir, Hierarchy) {
    let top = tempfile::tempdir().unwrap();
    for (directory, words) in controllers {
        let directory = top.path().join(directory);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("cgroup.controllers"), words).unwrap();
        for file in ["cgroup.procs", "cgroup.subtree_control", "cgroup.events"] {
            fs::write(directory.join(file), "").unwrap();
        }
    }
    let hierarchy = Hierarchy {
        version: Version::V2,
        top: top.path().to_owned(),
        controllers: Vec::new(),
        own: top.path().join(own),
        is_imagined: false,
    };
    (top, hierarchy)
}

fn words(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn controllers_are_fetched_from_as_far_up_as_they_are() {
    let (top, hierarchy) = tree("a/b", &[(".", "cpu memory pids"), ("a", "memory pids"), ("a/b", "pids")]);
    let (root, a, b) = (top.path().to_owned(), top.path().join("a"), top.path().join("a/b"));
    assert_eq!(chain(&hierarchy, &b, &words(&["pids"])), std::slice::from_ref(&b));
    assert_eq!(chain(&hierarchy, &b, &words(&["memory"])), [a.clone(), b.clone()]);
    assert_eq!(chain(&hierarchy, &b, &words(&["memory", "cpu"])), [root.clone(), a.clone(), b.clone()]);
    // Nobody has it: the kernel will say so at the top.
    assert_eq!(chain(&hierarchy, &b, &words(&["io"])), [root, a, b]);
}

#[test]
fn a_process_is_in_the_way_unless_everything_is_handed_down_already() {
    let (top, hierarchy) = tree("a", &[("a", "memory pids")]);
    let a = top.path().join("a");
    assert!(!is_in_the_way(&hierarchy, &a, &words(&["pids"])));
    fs::write(a.join("cgroup.procs"), "12\n").unwrap();
    assert!(is_in_the_way(&hierarchy, &a, &words(&["pids"])));
    fs::write(a.join("cgroup.subtree_control"), "pids\n").unwrap();
    assert!(!is_in_the_way(&hierarchy, &a, &words(&["pids"])));
    assert!(is_in_the_way(&hierarchy, &a, &words(&["memory", "pids"])));
}

#[test]
fn in_the_true_root_processes_are_in_nobodys_way() {
    let (top, hierarchy) = tree(".", &[(".", "pids")]);
    fs::write(top.path().join("cgroup.procs"), "1\n").unwrap();
    fs::remove_file(top.path().join("cgroup.events")).unwrap();
    assert!(!is_in_the_way(&hierarchy, top.path(), &words(&["pids"])));
}

#[test]
fn whoever_has_stepped_aside_makes_cgroups_where_they_came_from() {
    let own = format!("a/{SUPERVISOR}");
    let (top, hierarchy) = tree(&own, &[("a", "pids"), (&own, "pids")]);
    // The top is writable as well, and would be taken first: here only what lies below was handed over.
    let hierarchy = Hierarchy { top: top.path().join("nowhere"), ..hierarchy };
    assert_eq!(base(&hierarchy), Some(top.path().join("a")));
}

#[test]
fn where_nothing_may_be_written_no_cgroup_is_made() {
    let (top, hierarchy) = tree("a", &[("a", "pids")]);
    fs::remove_file(top.path().join("a/cgroup.subtree_control")).unwrap();
    assert_eq!(base(&hierarchy), None);
}

#[test]
fn a_controller_that_was_not_delegated_is_named_before_anything_is_made() {
    let (top, hierarchy) = tree("a", &[("a", "memory pids")]);
    let refused = check_above(&hierarchy, &top.path().join("a"), &["pids", "io"]).unwrap_err();
    assert!(Hint::without(&refused).ends_with("was delegated to you without the controller io"), "{refused:#}");
    assert!(Hint::of(&refused).is_some());
    assert!(check_above(&hierarchy, &top.path().join("a"), &["pids", "memory"]).is_ok());
}
