//! Which ids inside stand for which ids outside: the lines of uid_map and gid_map, and who grants them.

use std::fmt::{Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;

use groundwork::accounts;
use groundwork::program::DEFAULT_PATH;
use nix::unistd::{getegid, geteuid};

use crate::user::may_map_any_id;

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

// ANCHOR: maps
impl Maps {
    /// Root inside is the caller outside; no other id exists.
    pub fn only_me() -> Self {
        let one = |outside| vec![Range { inside: 0, outside, count: 1 }];
        Self { users: one(geteuid().as_raw()), groups: one(getegid().as_raw()) }
    }

    /// As many ids as the caller may have: for root, all that exist here, each standing for itself; for an ordinary
    /// user, their own as root and then those that subuid(5) and subgid(5) grant; without a grant, [`Maps::only_me`].
    pub fn widest() -> Self {
        if may_map_any_id() {
            return Self { users: same_ids("/proc/self/uid_map"), groups: same_ids("/proc/self/gid_map") };
        }
        let (users, groups) =
            (granted("/etc/subuid", "/proc/self/uid_map"), granted("/etc/subgid", "/proc/self/gid_map"));
        let helpers = [NEWUIDMAP, NEWGIDMAP].into_iter().all(|name| helper(name).is_some());
        let Self { users: me, groups: my_group } = Self::only_me();
        if users.is_empty() || groups.is_empty() || !helpers {
            return Self { users: me, groups: my_group };
        }
        Self { users: in_a_row(me, &users), groups: in_a_row(my_group, &groups) }
    }

    /// True when the caller's own user and group are all that is mapped: such maps anyone may write.
    pub fn are_mine(&self) -> bool {
        let is_one = |ranges: &[Range], mine| matches!(ranges, [one] if one.count == 1 && one.outside == mine);
        is_one(&self.users, geteuid().as_raw()) && is_one(&self.groups, getegid().as_raw())
    }

    /// True when there is a root inside.
    pub fn have_root(&self) -> bool {
        let has_root = |ranges: &[Range]| ranges.iter().any(|range| range.inside == 0 && range.count > 0);
        has_root(&self.users) && has_root(&self.groups)
    }
}
// ANCHOR_END: maps

/// Writes the uid_map of a process for a user whom subuid(5) grants the ids.
pub(crate) const NEWUIDMAP: &str = "newuidmap";
/// The same for gid_map and subgid(5).
pub(crate) const NEWGIDMAP: &str = "newgidmap";

/// Where a helper is, if this host has it.
pub(crate) fn helper(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(std::env::split_paths(DEFAULT_PATH));
    folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The ids of this user namespace, each standing for itself.
fn same_ids(map: &str) -> Vec<Range> {
    let text = std::fs::read_to_string(map).unwrap_or_default();
    let line = |line: &str| {
        let mut fields = line.split_whitespace().map(str::parse);
        let (inside, _, count) = (fields.next()?.ok()?, fields.next()?, fields.next()?.ok()?);
        Some(Range { inside, outside: inside, count })
    };
    text.lines().filter_map(line).collect()
}

/// First ids and counts that a file such as /etc/subuid grants the caller, by name or by number: see subuid(5).
///
/// In a container the file may grant what the container's own `map` has not: such ids newuidmap(1) cannot map either.
fn granted(file: &str, map: &str) -> Vec<(u32, u32)> {
    let user = geteuid();
    let name = accounts::user_name(user);
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let here = same_ids(map);
    let exist = |&(first, count): &(u32, u32)| here.iter().any(|range| range.has(first, count));
    grants(&text, name.as_deref(), user.as_raw()).into_iter().filter(exist).collect()
}

fn grants(text: &str, name: Option<&str>, id: u32) -> Vec<(u32, u32)> {
    let grant = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (Some(owner) == name || owner.parse() == Ok(id)).then_some((first, count)).filter(|_| count > 0)
    };
    text.lines().filter_map(grant).collect()
}

/// Gives the granted ids the numbers that follow `first`.
fn in_a_row(first: Vec<Range>, granted: &[(u32, u32)]) -> Vec<Range> {
    let mut ranges = first;
    for &(outside, count) in granted {
        let inside = ranges.last().map_or(0, |last| last.inside.saturating_add(last.count));
        ranges.push(Range { inside, outside, count: count.min(u32::MAX - inside) });
    }
    ranges
}

impl Range {
    /// True when `count` ids from `first` on exist inside.
    fn has(&self, first: u32, count: u32) -> bool {
        first >= self.inside && u64::from(first) + u64::from(count) <= u64::from(self.inside) + u64::from(self.count)
    }
}

impl Display for Range {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {}", self.inside, self.outside, self.count)
    }
}

/// `INSIDE:OUTSIDE:COUNT`.
impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields = text.split(':').map(str::parse).collect::<Result<Vec<u32>, _>>();
        let Ok([inside, outside, count]) = fields.as_deref() else {
            return Err("write three numbers, INSIDE:OUTSIDE:COUNT, for example 0:100000:65536".to_owned());
        };
        let (inside, outside, count) = (*inside, *outside, *count);
        match inside.max(outside).checked_add(count) {
            Some(_) if count > 0 => Ok(Self { inside, outside, count }),
            Some(_) => Err("COUNT is 0: a range has at least one id".to_owned()),
            None => Err("ids end at 4294967295".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(inside: u32, outside: u32, count: u32) -> Range {
        Range { inside, outside, count }
    }

    #[test]
    fn a_range_is_three_numbers() {
        assert_eq!("0:100000:65536".parse(), Ok(range(0, 100_000, 65536)));
        assert_eq!("0:0:4294967295".parse(), Ok(range(0, 0, u32::MAX)));
        for wrong in ["", "0", "0:1", "0:1:2:3", "a:1:1", "0:-1:1", "0:1:0", "1:0:4294967295"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn grants_are_found_by_name_and_by_number() {
        let text = "ann:100000:65536\nbob:165536:65536\n1000:500000:10\nbroken\nann:7:0\nann:x:1\n";
        assert_eq!(grants(text, Some("ann"), 1000), [(100_000, 65536), (500_000, 10)]);
        assert_eq!(grants(text, Some("bob"), 7), [(165_536, 65536)]);
        assert_eq!(grants(text, None, 1), []);
    }

    #[test]
    fn what_is_not_here_cannot_be_granted() {
        assert!(range(0, 0, u32::MAX).has(100_000, 65536) && range(0, 0, 165_536).has(100_000, 65536));
        assert!(!range(0, 0, 65536).has(100_000, 65536) && !range(100_001, 0, 65536).has(100_000, 65536));
        assert!(!range(0, 0, 165_535).has(100_000, 65536));
    }

    #[test]
    fn granted_ids_follow_root_without_a_gap() {
        let row = in_a_row(vec![range(0, 1000, 1)], &[(100_000, 65536), (500_000, 10)]);
        assert_eq!(row, [range(0, 1000, 1), range(1, 100_000, 65536), range(65537, 500_000, 10)]);
    }

    #[test]
    fn only_me_is_mine_and_has_a_root() {
        let me = Maps::only_me();
        assert!(me.are_mine() && me.have_root());
        let wider = Maps { users: in_a_row(me.users.clone(), &[(100_000, 1)]), groups: me.groups.clone() };
        assert!(!wider.are_mine());
        let no_root = Maps { users: vec![range(5, me.users[0].outside, 1)], groups: me.groups };
        assert!(no_root.are_mine() && !no_root.have_root());
    }

    #[test]
    fn a_line_is_what_the_kernel_reads() {
        assert_eq!(range(0, 1000, 1).to_string(), "0 1000 1");

        assert!(!same_ids("/proc/self/uid_map").is_empty());
    }
}
