//! `pivot-1`, `pivot-2`: a directory becomes a mount, and the mount becomes the root.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Who;

use super::super::reach::{STAYS, is_same, reached, tells_before};
use super::ordinary_user_too;

/// What only a mount of the host bears: the folder in which the grader shows its programs.
const OF_THE_HOST: &str = "/workshop";

pub(super) fn mount_point(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word, sign) = (bench.root(Who::Root)?, bench.nonce("here"), bench.nonce("sign"));
    let mounted = format!("mount -t tmpfs none {root}/mnt && echo {sign} >{root}/mnt/sign");
    bench.shell(Who::Root, &mounted)?;
    let found = mount_point_on(bench, checks, &root, (&word, &sign));
    bench.shell(Who::Root, &format!("umount {root}/mnt"))?;
    found?;
    ordinary_user_too(bench, checks, &[], None)
}

fn mount_point_on(bench: &Bench, checks: &mut Checks, root: &str, (word, sign): (&str, &str)) -> Judged {
    let before = bench.host().mounts().len();
    let mut running = bench.call("enter-pivot", [root, "--", "sh", "-c", STAYS, word]).as_root().start()?;
    let inside = reached(checks, &mut running, word, |words| {
        let is_of = |name: &str| words.contains(name);
        match () {
            () if is_of("MS_MOVE") => Some("moved"),
            () if is_of("pivot_root(") => Some("no-mount"),
            () if is_of("ENOENT") => Some("empty-mount"),
            () => None,
        }
    })?;
    checks
        .check("the root inside is the directory that was named")
        .worth(2)
        .did(running.command())
        .saw(inside.mounts_at("/").join("\n"))
        .means("\"/\" inside is another directory than the one on the command line")
        .mistake("empty-mount")
        .must(is_same((inside, "/"), (bench.host(), root)))?;
    let seen = inside.file("/mnt/sign").unwrap_or_default();
    checks
        .check("what is mounted in that directory is there too")
        .did(running.command())
        .saw(format!(
            "before, a tmpfs was mounted on {root}/mnt; inside, mountinfo has of /mnt: {:?}",
            inside.mounts_at("/mnt")
        ))
        .means("a bind mount takes one mount along, and those below it only when it is told to")
        .mistake("not-recursive")
        .also(seen.trim() == sign);
    let after = bench.host().mounts().len();
    checks
        .check("the host has no mount more than before")
        .did(running.command())
        .saw(format!("the host has {after} mounts, and had {before}"))
        .means("what is mounted in there appears out here")
        .also(after == before);
    running.end();
    Ok(())
}

pub(super) fn pivot(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word) = (bench.root(Who::Root)?, bench.nonce("here"));
    let secret = bench.nonce("secret");
    bench.file("/work/away/secret", &secret)?;
    bench.shell(Who::Root, &format!("cp {} {root}/bin/", bench.reference("escape-chroot")))?;
    let arguments = [root.as_str(), "--", "sh", "-c", STAYS, word.as_str()];
    let mut running = bench.call("enter-pivot", arguments).as_root().at("/work/away").start()?;
    let inside = reached(checks, &mut running, &word, |_| {
        let again = bench.call("enter-pivot", std::iter::once("--explain").chain(arguments)).as_root().at("/work/away");
        Some(if tells_before(again, "umount2(", "pivot_root(") { "umount-first" } else { "no-chdir" })
    })?;
    checks
        .check("the root inside is the directory that was named")
        .did(running.command())
        .saw(inside.mounts_at("/").join("\n"))
        .means("\"/\" inside is another directory than the one on the command line")
        .must(is_same((inside, "/"), (bench.host(), &root)))?;
    no_mount_of_the_host(checks, running.command(), inside)?;
    checks
        .check("the working directory is the new root")
        .did(running.command())
        .saw(format!("/proc/{}/cwd leads to {:?}", inside.0, inside.link("cwd").unwrap_or_default()))
        .means("a working directory in the old root is a way back")
        .also(inside.link("cwd").is_some_and(|link| link == inside.link("root").unwrap_or_default()));
    running.end();
    let script = format!("escape-chroot -- cat /work/away/secret || cat /work/away/secret; echo {word}");
    let ran = bench.call("enter-pivot", [&root, "--", "sh", "-c", &script]).as_root().run()?;
    checks
        .check("the walk out of stage 01 leads nowhere")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means("root inside has walked out, and read a file of the host")
        .mistake("chroot-instead")
        .must(ran.output.contains(&word) && !ran.output.contains(&secret))?;
    ordinary_user_too(bench, checks, &[], None)
}

/// mountinfo shows what can be reached from the root of a process.
fn no_mount_of_the_host(checks: &mut Checks, command: &str, inside: Process) -> Judged {
    let is_left = |line: &String| line.split(' ').nth(4).is_some_and(|place| place.starts_with(OF_THE_HOST));
    let left: Vec<_> = inside.mounts().into_iter().filter(is_left).collect();
    checks
        .check("no mount of the old root is left")
        .worth(2)
        .did(command)
        .saw(format!(
            "/proc/{}/mountinfo has {} lines, among them\n{}",
            inside.0,
            inside.mounts().len(),
            left.join("\n")
        ))
        .means("the old root is still mounted in there: whoever finds a way to it has the whole host")
        .mistake("no-detach")
        .must(left.is_empty())
}
