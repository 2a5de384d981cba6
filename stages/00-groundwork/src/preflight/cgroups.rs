//! Cgroups: a directory is made, a limit written, a child moved in, and all of it removed.
//!
//! Tried from outside and not in a child, so that a child that hangs leaves no directory behind.

mod road;

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;

use crate::cause::{Cause, Kind};
use crate::host::{Here, Host, Layout};
use crate::kernel::{Born, Kernel, leave};
use crate::preflight::Verdict;
use crate::preflight::processes::born;
use crate::preflight::throwaway::Waiting;
use crate::preflight::trouble::{During, Tried, Trouble, write};
use road::{Generation, Road, Trial};

/// What limits something: the controller, its file and a value, in both generations.
struct Limit {
    v2: (&'static str, &'static str, String),
    v1: (&'static str, &'static str, String),
}

impl Limit {
    fn of(&self, generation: Generation) -> &(&'static str, &'static str, String) {
        if generation == Generation::V2 { &self.v2 } else { &self.v1 }
    }
}

pub(super) fn memory() -> Tried {
    let value = (64 << 20).to_string();
    by_any_road(&Limit { v2: ("memory", "memory.max", value.clone()), v1: ("memory", "memory.limit_in_bytes", value) })
}

pub(super) fn cpu() -> Tried {
    let (v2, v1) = ("50000 100000".to_owned(), "50000".to_owned());
    by_any_road(&Limit { v2: ("cpu", "cpu.max", v2), v1: ("cpu", "cpu.cfs_quota_us", v1) })
}

pub(super) fn pids() -> Tried {
    let value = "100".to_owned();
    by_any_road(&Limit { v2: ("pids", "pids.max", value.clone()), v1: ("pids", "pids.max", value) })
}

pub(super) fn cpuset() -> Tried {
    let host: &dyn Host = &Here;
    let allowed = host.status("Cpus_allowed_list").unwrap_or_else(|| "0".to_owned());
    let first = allowed.split(['-', ',']).next().unwrap_or("0").to_owned();
    by_any_road(&Limit { v2: ("cpuset", "cpuset.cpus", first.clone()), v1: ("cpuset", "cpuset.cpus", first) })
}

pub(super) fn io() -> Tried {
    let host: &dyn Host = &Here;
    // Those that stand for memory or a file are limited by nobody.
    let is_disk = |name: &String| !["loop", "ram", "zram", "fd", "sr"].iter().any(|kind| name.starts_with(kind));
    let disk = host.names("/sys/block".as_ref()).into_iter().find(is_disk);
    let Some(number) = disk.and_then(|disk| host.text(format!("/sys/block/{disk}/dev"))) else {
        let why = "no disk is seen in /sys/block, as inside most containers";
        return Err(Cause::new(Kind::MaskedProc, why, "run it outside the container").into());
    };
    let (v2, v1) = (format!("{number} rbps=1073741824"), format!("{number} 1073741824"));
    by_any_road(&Limit { v2: ("io", "io.max", v2), v1: ("blkio", "blkio.throttle.read_bps_device", v1) })
}

/// Sets the limit in a cgroup of either generation, and moves a child below it.
fn by_any_road(limit: &Limit) -> Tried {
    let host: &dyn Host = &Here;
    let [v2, v1] = [Generation::V2, Generation::V1].map(|one| Road::all(host, one, Some(limit.of(one).0)));
    let road = first_open(v2.into_iter().chain(v1), |trial| {
        let (controller, file, value) = limit.of(trial.generation());
        trial.receive(controller)?;
        if trial.has(file) {
            write(trial.path.join(file), value)?;
        }
        trial.take(Waiting::start()?.pid)
    });
    // Disks have another name in the older tree.
    let controller = [limit.v1.0, limit.v2.0].into_iter().find(|name| host.cgroup1_mount(name).is_some());
    road.map(Verdict::works_by).map_err(|refused| barred(controller.or(Some(limit.v2.0)), refused))
}

/// The first road that leads somewhere; otherwise what was refused on the first of them.
fn first_open(
    roads: impl IntoIterator<Item = Road>,
    attempt: impl Fn(&Trial<'_>) -> Result<(), Trouble>,
) -> Result<&'static str, Option<Trouble>> {
    let mut refused = None;
    for road in roads {
        match road.walk(&attempt) {
            Ok(()) => return Ok(road.words()),
            Err(trouble) => refused = refused.or(Some(trouble)),
        }
    }
    Err(refused)
}

/// A refusal for want of rights is explained by the way cgroups are laid out here; any other speaks for itself.
fn barred(controller: Option<&str>, refused: Option<Trouble>) -> Trouble {
    let for_want_of_rights = [Errno::EACCES, Errno::EPERM, Errno::EROFS, Errno::ENOENT];
    match refused {
        Some(trouble) if !trouble.is(&for_want_of_rights) => trouble,
        _ => Cause::of_no_cgroup(&Here, controller).into(),
    }
}

/// Whether cgroups can be made in the cgroup2 tree, and the limits are there too.
pub(super) fn v2() -> Tried {
    let host: &dyn Host = &Here;
    let roads = Road::all(host, Generation::V2, None);
    let road = first_open(roads, |trial| trial.take(Waiting::start()?.pid)).map_err(|refused| barred(None, refused))?;
    if host.cgroup_layout() == Layout::Hybrid {
        let what = "limits go through the cgroup v1 trees beside it".to_owned();
        return Ok(Verdict::Limited { what, cause: Cause::first_generation(host) });
    }
    Ok(Verdict::works_by(road))
}

/// A child that was never anywhere else.
pub(super) fn clone_into() -> Tried {
    let road = first_open(Road::all(&Here, Generation::V2, None), born_in);
    road.map(Verdict::works_by).map_err(|refused| barred(None, refused))
}

fn born_in(trial: &Trial<'_>) -> Result<(), Trouble> {
    let directory = open(&trial.path, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty());
    let directory = directory.during("opening the cgroup")?;
    let kernel = Kernel::quiet();
    match born(&kernel, CloneFlags::empty(), Some(directory.as_fd()))? {
        Born::Child => leave(0),
        Born::Parent { child, .. } => {
            // A child that has ended still says where it was, until it is waited for.
            let held = trial.holds(child);
            let _ = nix::sys::wait::waitpid(child, None);
            held
        }
    }
}

/// Stops a child, sees it stopped, and lets it go on.
pub(super) fn freeze() -> Tried {
    let roads = [(Generation::V2, None), (Generation::V1, Some("freezer"))];
    let roads = roads.into_iter().flat_map(|(generation, controller)| Road::all(&Here, generation, controller));
    let road = first_open(roads, |trial| {
        let child = Waiting::start()?;
        trial.take(child.pid)?;
        let (file, [stop, go], (shows, stopped)) = match trial.generation() {
            Generation::V2 => ("cgroup.freeze", ["1", "0"], ("cgroup.events", "frozen 1")),
            Generation::V1 => ("freezer.state", ["FROZEN", "THAWED"], ("freezer.state", "FROZEN")),
        };
        write(trial.path.join(file), stop)?;
        let shown = || (&Here as &dyn Host).text(trial.path.join(shows));
        let is_frozen = until(|| shown().is_some_and(|text| text.contains(stopped)));
        write(trial.path.join(file), go)?;
        if is_frozen { Ok(()) } else { Err(Trouble::odd("freezing", "the process goes on")) }
    });
    road.map(Verdict::works_by).map_err(|refused| barred(None, refused))
}

/// Waits until it is so, and no longer than anybody wants to wait.
fn until(is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}
