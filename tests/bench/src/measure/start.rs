//! `start`: from the command line to the end of /bin/true, behind the same walls.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Bench;
use crate::contender::Contender;
use crate::oci::{Asked, write_bundle};
use crate::peers::which;
use crate::report::Table;
use crate::user::User;
use crate::{cgroups, turns, walls};

/// Who starts a container, and whether it gets a cgroup.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// What the tables call it.
    pub name: &'static str,
    /// Root makes no user namespace, everyone else does.
    pub user: User,
    /// With a cgroup of its own.
    pub cgroup: bool,
}

/// Whom the others are compared with.
const BASES: [&str; 3] = ["bubblewrap", "crun", "floor"];
/// The first ones are compared; this is what starting a process costs in the first place.
const NOTHING: &str = "no container";

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    variants(bench).into_iter().map(|variant| table(bench, variant)).collect()
}

/// Root with and without a cgroup, an ordinary user with and without.
pub fn variants(bench: &Bench) -> Vec<Variant> {
    let root = [("root, no cgroup", false), ("root, with a cgroup", true)];
    let ordinary = [("ordinary user, no cgroup", false), ("ordinary user, with a cgroup", true)];
    let of = |user: User, names: [(&'static str, bool); 2]| names.map(|(name, cgroup)| Variant { name, user, cgroup });
    let root = User::Self_.is_root().then(|| of(User::Self_, root)).into_iter().flatten();
    let all = root.chain(of(bench.ordinary, ordinary));
    all.filter(|variant| bench.has_cgroups || !variant.cgroup).collect()
}

fn table(bench: &Bench, variant: Variant) -> Result<Table> {
    let (mut fair, mut notes) = (Vec::new(), Vec::new());
    let mut seen = Vec::new();
    let inspected = contenders(bench, variant, &["/bin/sh", "-c", walls::SCRIPT])?;
    for (inspected, contender) in inspected.iter().zip(contenders(bench, variant, &["/bin/true"])?) {
        match walls::around(inspected) {
            Ok(there) => {
                let difference = walls::difference(&wanted(variant), &there);
                if contender.name == "floor" && !difference.is_empty() {
                    bail!("the floor is not honest: {difference}");
                }
                seen.push((contender.name.clone(), difference));
                fair.push(contender);
            }
            Err(error) => notes.push(format!("left out: {error:#}")),
        }
    }
    fair.push(Contender::new(NOTHING, &["/bin/true"]).by(variant.user));
    let turns = turns::take(&format!("start, {}", variant.name), fair, bench.rounds)?;
    let mut table = Table::of_turns("start", variant.name, &turns, &BASES);
    for line in &mut table.lines {
        line.walls =
            seen.iter().find(|(name, _)| *name == line.name).map(|(_, walls)| walls.clone()).unwrap_or_default();
    }
    table.notes.extend(notes);
    table
        .notes
        .extend(seen.iter().filter(|(_, walls)| !walls.is_empty()).map(|(name, walls)| format!("{name}: {walls}")));
    Ok(table)
}

/// What everyone is asked for.
fn wanted(variant: Variant) -> BTreeSet<&'static str> {
    let is_wanted = |name: &&&str| match **name {
        "a cgroup" => variant.cgroup,
        "user" => !variant.user.is_root(),
        _ => true,
    };
    walls::NAMES.iter().filter(is_wanted).copied().collect()
}

/// Everyone who is there, each with this command inside.
pub fn contenders(bench: &Bench, variant: Variant, inside: &[&str]) -> Result<Vec<Contender>> {
    let root = bench.root.display().to_string();
    let mut all = vec![boxwright(bench, variant, &root, inside)?, floor(bench, variant, &root, inside)];
    for runtime in ["crun", "runc", "youki"] {
        if which(runtime).is_some() {
            all.push(runtime_of_oci(bench, variant, runtime, &root, inside)?);
        }
    }
    all.extend(which("bwrap").map(|_| bubblewrap(variant, &root, inside)));
    all.extend(which("unshare").map(|_| unshare(variant, &root, inside)));
    if which("podman").is_some() {
        all.push(podman(bench, variant, &root, inside)?);
    }
    Ok(all)
}

fn boxwright(bench: &Bench, variant: Variant, root: &str, inside: &[&str]) -> Result<Contender> {
    let mut words = vec!["run", "--rm", "--read-only", "--in-place"];
    words.extend((!variant.cgroup).then_some("--no-cgroup"));
    words.extend([root, "--"]);
    words.extend(inside);
    bench.boxwright(variant.user, &words)
}

fn floor(bench: &Bench, variant: Variant, root: &str, inside: &[&str]) -> Contender {
    let (program, cgroup) = (bench.programs.floor.display().to_string(), format!("{}/floor", cgroups::TOP));
    let mut words = vec![program.as_str()];
    words.extend((!variant.user.is_root()).then_some("--user"));
    words.extend(variant.cgroup.then_some(["--cgroup", cgroup.as_str()]).into_iter().flatten());
    words.push(root);
    words.extend(inside);
    Contender::new("floor", &words).by(variant.user)
}

fn runtime_of_oci(bench: &Bench, variant: Variant, runtime: &str, root: &str, inside: &[&str]) -> Result<Contender> {
    let is_root = variant.user.is_root();
    let kind = if inside == ["/bin/true"] { "run" } else { "look" };
    let bundle = bench.scratch.join(format!("{runtime}-{}-{}-{kind}", variant.user.ids().0, variant.cgroup));
    let state = bench.scratch.join(format!("{runtime}-{}", variant.user.ids().0));
    variant.user.directory(&state)?;
    let cgroup = variant.cgroup.then(|| format!("/{runtime}"));
    let user = (!is_root).then_some(variant.user.ids());
    write_bundle(&bundle, &Asked { root, arguments: inside, user, cgroup: cgroup.as_deref() })?;
    let (shown, bundle) = (state.display().to_string(), bundle.display().to_string());
    let mut words = vec![runtime, "--root", &shown];
    words.extend((runtime == "crun").then_some(if variant.cgroup {
        "--cgroup-manager=cgroupfs"
    } else {
        "--cgroup-manager=disabled"
    }));
    words.extend(["run", "--bundle", &bundle, "boxwright-bench"]);
    Ok(Contender::new(runtime, &words).with("XDG_RUNTIME_DIR", &state).by(variant.user))
}

/// As near as its options come: it makes no cgroup, and shows the host's /sys.
fn bubblewrap(variant: Variant, root: &str, inside: &[&str]) -> Contender {
    let mut words =
        vec!["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup"];
    words.extend(
        (!variant.user.is_root()).then_some(["--unshare-user", "--uid", "0", "--gid", "0"]).into_iter().flatten(),
    );
    words.extend([
        "--hostname",
        "box",
        "--as-pid-1",
        "--new-session",
        "--ro-bind",
        root,
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]);
    words.extend(["--tmpfs", "/dev/shm", "--mqueue", "/dev/mqueue", "--ro-bind", "/sys", "/sys"]);
    words.extend(inside);
    Contender::new("bubblewrap", &words).by(variant.user)
}

/// It has namespaces, chroot and /proc, and no more.
fn unshare(variant: Variant, root: &str, inside: &[&str]) -> Contender {
    let mut words =
        vec!["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "--mount-proc"];
    words.extend((!variant.user.is_root()).then_some("--map-root-user"));
    words.extend(["--root", root]);
    words.extend(inside);
    Contender::new("unshare", &words).by(variant.user)
}

/// An engine, which does more: it keeps an account of the container, and starts one of the runtimes.
fn podman(bench: &Bench, variant: Variant, root: &str, inside: &[&str]) -> Result<Contender> {
    let state = bench.scratch.join(format!("podman-{}", variant.user.ids().0));
    variant.user.directory(&state)?;
    let places = ["storage", "run"].map(|name| state.join(name).display().to_string());
    let cgroups = if variant.cgroup { "--cgroups=enabled" } else { "--cgroups=disabled" };
    let mut words = vec!["podman", "--root", &places[0], "--runroot", &places[1], "--cgroup-manager=cgroupfs"];
    words.extend(["run", "--rm", "--read-only", "--network=none", "--pid=private", cgroups, "--rootfs", root]);
    words.extend(inside);
    Ok(Contender::new("podman", &words).with("HOME", &state).with("XDG_RUNTIME_DIR", &state).by(variant.user))
}
