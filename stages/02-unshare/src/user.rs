//! User and group ids of one's own: user_namespaces(7).

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Pid, Uid};

/// Which ids inside stand for which ids outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maps {
    /// The lines of uid_map.
    pub users: Vec<Range>,
    /// The lines of gid_map.
    pub groups: Vec<Range>,
}

/// One line of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first id inside.
    pub inside: u32,
    /// The id outside that it stands for.
    pub outside: u32,
    /// How many ids in a row.
    pub count: u32,
}

impl Maps {
    /// Root inside is the caller outside; no other id exists.
    pub fn only_me() -> Self {
        let one = |outside| vec![Range { inside: 0, outside, count: 1 }];
        Self { users: one(nix::unistd::geteuid().as_raw()), groups: one(nix::unistd::getegid().as_raw()) }
    }
}

/// True when this process may not make the other namespaces without a user namespace of its own.
pub fn is_needed() -> bool {
    const CAP_SYS_ADMIN: u32 = 21;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
    effective & (1 << CAP_SYS_ADMIN) == 0
}

/// For an ordinary user: a user namespace, in which they may make the others. For root: nothing.
///
/// # Errors
/// Those of [`own_ids`].
pub fn own_ids_if_needed(kernel: &Kernel) -> Result<()> {
    if is_needed() { own_ids(kernel) } else { Ok(()) }
}

// ANCHOR: own_ids
/// Gives this process a user namespace in which it is root, and its own id outside.
///
/// # Errors
/// Those of unshare(2); EPERM where the host restricts user namespaces.
pub fn own_ids(kernel: &Kernel) -> Result<()> {
    let maps = Maps::only_me();
    kernel
        .because("an ordinary user may make the other namespaces only inside a user namespace of their own")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    write_maps(kernel, None, &maps)
}
// ANCHOR_END: own_ids

// ANCHOR: write_maps
/// Fills the maps of this process, or of a child's user namespace.
///
/// # Errors
/// EINVAL for ranges that overlap; EPERM for ids that are not the writer's own.
pub fn write_maps(kernel: &Kernel, child: Option<Pid>, maps: &Maps) -> Result<()> {
    let process = child.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    if is_needed() || child.is_none() {
        kernel
            .because("a group can also take rights away: who could drop groups at will could walk past such a file")
            .write(format!("/proc/{process}/setgroups"), "deny")?;
    }
    kernel
        .because("inside, id 0 stands for the user outside: what root does inside, that user does outside")
        .write(format!("/proc/{process}/uid_map"), lines(&maps.users))?;
    kernel.because("the same for groups").write(format!("/proc/{process}/gid_map"), lines(&maps.groups))
}
// ANCHOR_END: write_maps

fn lines(ranges: &[Range]) -> String {
    ranges.iter().map(|range| format!("{} {} {}\n", range.inside, range.outside, range.count)).collect()
}

// ANCHOR: become_root
/// Takes id 0 of the user namespace this process is in.
///
/// # Errors
/// EINVAL before the maps are written.
pub fn become_root(kernel: &Kernel) -> Result<()> {
    kernel
        .because("groups first: once the user id has changed, the right to change them may be gone")
        .setresgid(Gid::from_raw(0))?;
    kernel.because("until now this process had an id that the namespace did not map").setresuid(Uid::from_raw(0))
}
// ANCHOR_END: become_root
