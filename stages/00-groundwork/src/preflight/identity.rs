//! User namespaces, and the ids that are mapped into them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, Uid, getegid, geteuid, getpid, pipe, read, setresuid};

use crate::accounts;
use crate::cause::{Cause, Kind};
use crate::host::{Capability, Here, Host};
use crate::preflight::programs::find;
use crate::preflight::trouble::{During, Tried, Trouble, write};
use crate::preflight::{Verdict, mounts, scratch, throwaway};

// ANCHOR: become_able
/// As the programs begin: root goes on as it is, anybody else becomes root of a user namespace.
pub(super) fn become_able(capability: Capability) -> Result<(), Trouble> {
    if (&Here as &dyn Host).may(capability) { Ok(()) } else { become_root() }
}
// ANCHOR_END: become_able

fn become_root() -> Result<(), Trouble> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).during("unshare(CLONE_NEWUSER)")?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", format!("0 {user} 1"))?;
    write("/proc/self/gid_map", format!("0 {group} 1"))
}

// ANCHOR: user_namespaces
/// Where AppArmor forbids them, creating one succeeds all the same, and the steps after it are refused.
pub(super) fn user_namespaces() -> Tried {
    become_root()?;
    if !geteuid().is_root() {
        return Err(Trouble::odd("writing /proc/self/uid_map", "the user is not mapped"));
    }
    let place = scratch::place()?;
    std::fs::write(place.join("file"), "written").during("writing to a tmpfs")?;
    match mounts::proc_in(&place) {
        Ok(_) => Ok(Verdict::works()),
        Err(trouble) => Ok(Verdict::Limited { what: "no fresh /proc inside".to_owned(), cause: trouble.cause() }),
    }
}
// ANCHOR_END: user_namespaces

/// Where subuid(5) and subgid(5) say which ids a user may hand out.
const GRANTS: [(&str, &str); 2] = [("newuidmap", "/etc/subuid"), ("newgidmap", "/etc/subgid")];

pub(super) fn subordinate_ids() -> Tried {
    if (&Here as &dyn Host).may(Capability::SetUid) {
        let (users, groups) = (own_range("/proc/self/uid_map")?, own_range("/proc/self/gid_map")?);
        return mapped_by(|child| {
            write(format!("/proc/{child}/uid_map"), users)?;
            write(format!("/proc/{child}/gid_map"), groups)
        });
    }
    let [users, groups] = GRANTS.map(|(program, file)| granted(program, file));
    let (users, groups) = (users?, groups?);
    mapped_by(|child| users.map(child, geteuid().as_raw()).and_then(|()| groups.map(child, getegid().as_raw())))
}

/// Whoever is root hands out the ids of their own user namespace, each to stand for itself.
fn own_range(file: &str) -> Result<String, Trouble> {
    let map = std::fs::read_to_string(file).during(&format!("reading {file}"))?;
    let ranges = map.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let first = ranges
        .filter(|range| range.len() == 3 && range[2] != "1")
        .map(|range| (range[0].to_owned(), range[2].to_owned()));
    let Some((inside, count)) = first.min() else {
        let why = format!("this user namespace has single ids to hand out: {}", squeezed(&map));
        return Err(Cause::new(Kind::NotRoot, why, "have a range mapped into it from outside, by newuidmap(1)").into());
    };
    Ok(format!("{inside} {inside} {count}"))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A set-user-ID helper, and the first range that it may hand out.
struct Grant {
    helper: PathBuf,
    start: String,
    count: String,
}

fn granted(program: &str, file: &str) -> Result<Grant, Trouble> {
    let host: &dyn Host = &Here;
    let remedy = host.install("uidmap", "shadow-utils", "shadow-subids");
    let helper = find(program).ok_or_else(|| {
        Cause::new(Kind::MissingProgram, format!("{program} is not installed"), format!("`{remedy}`"))
    })?;
    let name = accounts::user_name(Uid::effective()).unwrap_or_else(|| Uid::effective().to_string());
    let own =
        |line: &&str| line.split(':').next().is_some_and(|who| who == name || who == Uid::effective().to_string());
    let lines = host.text(file).unwrap_or_default();
    let mut numbers = lines.lines().find(own).unwrap_or_default().split(':').skip(1).map(str::to_owned);
    let (Some(start), Some(count)) = (numbers.next(), numbers.next()) else {
        let remedy = format!("`sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}`");
        return Err(Cause::new(Kind::MissingProgram, format!("{file} grants {name} no ids"), remedy).into());
    };
    Ok(Grant { helper, start, count })
}

impl Grant {
    fn map(&self, child: Pid, own: u32) -> Result<(), Trouble> {
        let words = [&child.to_string(), "0", &own.to_string(), "1", "1", &self.start, &self.count];
        let done = Command::new(&self.helper).args(words).stdin(Stdio::null()).output().during("execve")?;
        if done.status.success() {
            return Ok(());
        }
        let host: &dyn Host = &Here;
        let helper = self.helper.display();
        if host.status("NoNewPrivs").as_deref() == Some("1") {
            let why = format!("no_new_privs is set, and set-user-ID programs such as {helper} gain nothing");
            return Err(
                Cause::new(Kind::NoNewPrivs, why, "run it outside of what set that: a sandbox, a service").into()
            );
        }
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        let remedy = format!("see that it is set-user-ID or has file capabilities: `ls -l {helper}; getcap {helper}`");
        Err(Cause::new(Kind::MissingProgram, format!("{helper} refuses: {said}"), remedy).into())
    }
}

/// Whoever enters a user namespace loses the right to map it: a child stays outside, and maps it from there.
fn mapped_by(map: impl FnOnce(Pid) -> Result<(), Trouble>) -> Tried {
    let (reader, writer) = pipe().during("pipe")?;
    let inside = getpid();
    let outside = throwaway::start(|| {
        read(&reader, &mut [0]).during("read")?;
        map(inside).map(|()| Verdict::works())
    })?;
    unshare(CloneFlags::CLONE_NEWUSER).during("unshare(CLONE_NEWUSER)")?;
    nix::unistd::write(&writer, b"x").during("write")?;
    outside.finish()?;
    let other = Uid::from_raw(1);
    setresuid(other, other, other).during("becoming user 1")?;
    Ok(Verdict::works())
}
