//! Files and directories of a cgroup: each errno is a rule of cgroups(7).

mod files;

use std::path::Path;

use nix::errno::Errno::{
    EACCES, EAGAIN, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, EPERM, EROFS, ESRCH,
};

use crate::cause::Cause;
use crate::host::Host;
use crate::refusal::asked::{Asked, say};

/// Controllers, whose names begin the names of their files.
const CONTROLLERS: [&str; 9] = ["memory", "cpu", "pids", "cpuset", "io", "cpuacct", "blkio", "freezer", "devices"];

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    if asked.name == "clone3" {
        let cgroup = asked.word(0).split_once("cgroup=")?.1;
        let directory = cgroup.split_once('<')?.1.split_once('>')?.0;
        // Other answers speak of the namespaces that were asked for: ENOSPC of their number, EPERM of the right to them.
        let is_about_the_cgroup = matches!(asked.errno, EACCES | EAGAIN | EBUSY | ENODEV | ENOENT | EOPNOTSUPP);
        return is_about_the_cgroup.then(|| enter(asked, Path::new(directory))).flatten();
    }
    let path = asked.path(if asked.name.starts_with("openat") { 1 } else { 0 })?;
    let is_cgroup = asked.host.mount_under(&path)?.fstype.starts_with("cgroup");
    match (asked.name, asked.errno) {
        _ if !is_cgroup => None,
        ("mkdir" | "openat" | "write", EACCES | EPERM | EROFS) if !path.ends_with("cgroup.procs") => {
            undelegated(asked, &path)
        }
        ("mkdir", _) => mkdir(asked, &path),
        ("rmdir", EBUSY) => busy(asked.host, &path),
        ("openat", ENOENT) => files::absent(asked.host, &path),
        ("write", _) if path.ends_with("cgroup.subtree_control") => files::pass_down(asked, path.parent()?),
        ("write", _) if path.ends_with("cgroup.procs") || path.ends_with("tasks") => enter(asked, path.parent()?),
        ("write", _) => files::set(asked, &path),
        _ => None,
    }
}

fn undelegated(asked: &Asked<'_>, path: &Path) -> Option<String> {
    let mount = asked.host.mount_under(path)?;
    let in_tree = mount.super_options.iter().map(String::as_str).filter(|_| mount.fstype == "cgroup");
    let in_name = path.file_name()?.to_str()?.split('.').next();
    let controller = in_tree.chain(in_name).find(|word| CONTROLLERS.contains(word));
    Some(Cause::of_no_cgroup(asked.host, controller).sentence())
}

fn mkdir(asked: &Asked<'_>, path: &Path) -> Option<String> {
    let shown = path.display();
    match asked.errno {
        EEXIST => say(
            format!("the cgroup {shown} is there already"),
            format!("choose another name, or `rmdir {shown}` when it is empty"),
        ),
        EAGAIN => {
            say("a cgroup above may have no more descendants", "remove some, or raise its cgroup.max.descendants")
        }
        ENOENT => say(format!("there is no cgroup {}", path.parent()?.display()), "make it first"),
        _ => None,
    }
}

fn busy(host: &dyn Host, path: &Path) -> Option<String> {
    let shown = path.display();
    let processes = host.cgroup_words(path, "cgroup.procs");
    if !processes.is_empty() {
        return say(
            format!("{shown} still holds {} ({})", count(processes.len()), processes.join(", ")),
            format!("end all of them: `echo 1 > {shown}/cgroup.kill`"),
        );
    }
    let is_below = |name: &String| host.look(&path.join(name)).is_some_and(|look| look.is_directory);
    match host.names(path).into_iter().find(is_below) {
        Some(name) => say(format!("{shown} has the cgroup {name} below it"), "remove that first"),
        None => say(format!("a process in {shown} is still ending"), "wait until its cgroup.events says `populated 0`"),
    }
}

fn count(processes: usize) -> String {
    if processes == 1 { "1 process".to_owned() } else { format!("{processes} processes") }
}

// ANCHOR: enter
/// A process that moves into a cgroup, or is born in it.
fn enter(asked: &Asked<'_>, directory: &Path) -> Option<String> {
    let (host, shown) = (asked.host, directory.display());
    match asked.errno {
        EBUSY => say(
            format!("{shown} passes controllers down, and such a cgroup holds no process itself"),
            "use a cgroup below it",
        ),
        EOPNOTSUPP => threaded(directory),
        EACCES | EPERM => say(
            format!("moving a process takes write access to {shown} and to the cgroup above both places"),
            Cause::of_no_cgroup(host, None).remedy,
        ),
        ENOENT => say("the process is in a part of the tree that this cgroup namespace hides", "move it from outside"),
        ENODEV => say(format!("{shown} has been removed"), "make it again"),
        ESRCH => say("that process has ended", "write the PID of one that lives"),
        ENOSPC => say(
            "a v1 cpuset takes no process before it has processors and memory",
            format!("write {shown}/cpuset.cpus and cpuset.mems first"),
        ),
        EAGAIN => {
            let most = host.text(directory.join("pids.max")).unwrap_or_default();
            say(format!("{shown} may hold {most} processes, and does"), "end some, or raise its pids.max")
        }
        EINVAL => {
            say("threads of the kernel, and real-time processes under v1's cpu, stay where they are", "move another")
        }
        _ => None,
    }
}
// ANCHOR_END: enter

fn threaded(directory: &Path) -> Option<String> {
    say(
        format!("{} is threaded, or below a threaded cgroup: see its cgroup.type", directory.display()),
        "use one beside it",
    )
}

#[cfg(test)]
mod tests;
