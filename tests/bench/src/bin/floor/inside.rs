//! The child, born into its namespaces: what is left to do before it is the program. One line is one call, or a loop of one.

use std::ffi::CStr;

use rustix::fs::{CWD, FileType, Mode, OFlags, makedev};
use rustix::io::Errno;
use rustix::mount::{self as kernel, MountFlags, MountPropagationFlags, UnmountFlags};

use crate::plan::Plan;
use crate::wall::Wall;
use crate::{Failed, Step, overlay, raw};

const HARMLESS: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);

/// Number and name of each device that programs use without asking.
const DEVICES: [(&CStr, &CStr, u32, u32); 6] = [
    (c"dev/null", c"/dev/null", 1, 3),
    (c"dev/zero", c"/dev/zero", 1, 5),
    (c"dev/full", c"/dev/full", 1, 7),
    (c"dev/random", c"/dev/random", 1, 8),
    (c"dev/urandom", c"/dev/urandom", 1, 9),
    (c"dev/tty", c"/dev/tty", 5, 0),
];
const LINKS: [(&CStr, &CStr); 5] = [
    (c"/proc/self/fd", c"dev/fd"),
    (c"/proc/self/fd/0", c"dev/stdin"),
    (c"/proc/self/fd/1", c"dev/stdout"),
    (c"/proc/self/fd/2", c"dev/stderr"),
    (c"pts/ptmx", c"dev/ptmx"),
];

// ANCHOR: become_program
/// Returns only with what went wrong.
pub(crate) fn become_program(plan: &Plan) -> Result<u8, Failed> {
    if plan.has_user {
        map_ids(plan)?;
    }
    if plan.has(Wall::Cgroup) && plan.cgroup.is_some() {
        raw::unshare(raw::NEW_CGROUP).step("unshare(CLONE_NEWCGROUP)")?;
    }
    if plan.has(Wall::Uts) {
        rustix::system::sethostname(b"box").step("sethostname")?;
    }
    if plan.has(Wall::Net) {
        raw::loopback_up().step("ioctl(lo, IFF_UP)")?;
    }
    if plan.has(Wall::Mount) {
        mounts(plan)?;
    }
    rustix::process::setsid().step("setsid")?;
    Err(Failed("execve", plan.program.execve()))
}
// ANCHOR_END: become_program

/// The first process of a user namespace may map its own ids itself, and needs nobody outside for it.
fn map_ids(plan: &Plan) -> Result<(), Failed> {
    let files = [
        (c"/proc/self/setgroups", "deny"),
        (c"/proc/self/uid_map", &plan.maps[0]),
        (c"/proc/self/gid_map", &plan.maps[1]),
    ];
    files.iter().try_for_each(|(file, text)| write(file, text.as_bytes())).step("map of ids")
}

fn write(file: &CStr, text: &[u8]) -> Result<(), Errno> {
    let file = rustix::fs::openat(CWD, file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text).map(drop)
}

// ANCHOR: mounts
/// The tree is put together below the new root's own directory, and moved under "/" as a whole.
fn mounts(plan: &Plan) -> Result<(), Failed> {
    if !plan.has_user {
        // In the mount namespace of a new user namespace the kernel has done it.
        kernel::mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .step("mount(/, private)")?;
    }
    match &plan.overlay {
        Some(layers) => overlay::mount(layers)?,
        None if plan.has(Wall::Pivot) => {
            kernel::mount_bind(plan.root.as_c_str(), plan.root.as_c_str()).step("mount(root, bind)")?
        }
        None => {}
    }
    rustix::process::chdir(plan.root.as_c_str()).step("chdir(root)")?;
    mount_if(plan, Wall::Proc, c"proc", c"proc", HARMLESS, None)?;
    mount_if(plan, Wall::Sys, c"sysfs", c"sys", HARMLESS | MountFlags::RDONLY, None)?;
    if plan.has(Wall::Dev) {
        devices(plan)?;
    }
    if plan.has(Wall::Pivot) {
        rustix::process::pivot_root(c".", c".").step("pivot_root")?;
        kernel::unmount(c".", UnmountFlags::DETACH).step("umount2(old root)")?;
    }
    if plan.has(Wall::ReadOnly) && plan.overlay.is_none() {
        raw::make_read_only(c"/").step("mount_setattr(/, read-only)")?;
    }
    Ok(())
}
// ANCHOR_END: mounts

fn mount_if(
    plan: &Plan,
    wall: Wall,
    kind: &CStr,
    at: &CStr,
    flags: MountFlags,
    data: Option<&CStr>,
) -> Result<(), Failed> {
    if plan.has(wall) { kernel::mount(kind, at, kind, flags, data).step("mount") } else { Ok(()) }
}

fn devices(plan: &Plan) -> Result<(), Failed> {
    kernel::mount(c"tmpfs", c"dev", c"tmpfs", MountFlags::NOSUID | MountFlags::STRICTATIME, c"mode=755,size=65536k")
        .step("mount(/dev)")?;
    let mask = rustix::process::umask(Mode::empty());
    DEVICES.iter().try_for_each(|device| make_device(plan, device)).step("device")?;
    LINKS.iter().try_for_each(|(target, link)| rustix::fs::symlink(*target, *link)).step("symlink")?;
    let places = [(Wall::Terminals, c"dev/pts"), (Wall::Shared, c"dev/shm"), (Wall::Queues, c"dev/mqueue")];
    let mut wanted = places.iter().filter(|(wall, _)| plan.has(*wall));
    wanted.try_for_each(|(_, place)| rustix::fs::mkdir(*place, Mode::from(0o755))).step("mkdir")?;
    rustix::process::umask(mask);
    // The group of terminals is 5 in every distribution; where one id is mapped there is no such group.
    let terminals = if plan.has_user {
        c"newinstance,ptmxmode=0666,mode=0620"
    } else {
        c"newinstance,ptmxmode=0666,mode=0620,gid=5"
    };
    let without_programs = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount_if(plan, Wall::Terminals, c"devpts", c"dev/pts", without_programs, Some(terminals))?;
    mount_if(plan, Wall::Shared, c"tmpfs", c"dev/shm", HARMLESS, Some(c"mode=1777,size=65536k"))?;
    mount_if(plan, Wall::Queues, c"mqueue", c"dev/mqueue", HARMLESS, None)
}

/// In a user namespace nobody makes devices: the host's are shown, each on a file of its own.
fn make_device(plan: &Plan, (here, hosts, major, minor): &(&CStr, &CStr, u32, u32)) -> Result<(), Errno> {
    let mode = Mode::from(0o666);
    if !plan.has_user {
        return rustix::fs::mknodat(CWD, *here, FileType::CharacterDevice, mode, makedev(*major, *minor));
    }
    rustix::fs::mknodat(CWD, *here, FileType::RegularFile, mode, 0)?;
    kernel::mount_bind(*hosts, *here)
}
