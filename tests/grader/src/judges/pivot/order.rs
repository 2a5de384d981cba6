//! `pivot-6`: nine steps, and the order in which they work.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::super::reach::{are_three, is_same, open_files, reached};
use super::ordinary_user_too;

pub(super) fn order(bench: &Bench, checks: &mut Checks) -> Judged {
    // As systemd leaves it on most hosts.
    bench.shell(Who::Root, "mount --make-rshared /")?;
    let found = order_on_a_shared_host(bench, checks);
    bench.shell(Who::Root, "mount --make-rprivate /")?;
    found?;
    ordinary_user_too(bench, checks, &[], Some("furniture-late"))
}

fn order_on_a_shared_host(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word, sign) = (bench.root(Who::Root)?, bench.nonce("here"), bench.nonce("sign"));
    bench.file("/work/data/sign", &sign)?;
    let before = bench.host().mounts().len();
    // Somebody has left a directory of the host open.
    let leaky = "exec 7</; exec \"$@\"";
    let program = bench.program("enter-pivot");
    let stays = "echo $0; read end";
    let enter = ["-c", leaky, "sh", &program, "--volume", "/work/data:/mnt", "--volume", "/work/data:/dev/data"];
    let command = [root.as_str(), "--", "sh", "-c", stays, &word];
    let mut running = bench.call("/bin/sh", enter.iter().chain(&command).copied()).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |words| {
        let says = |word: &str| words.contains(word);
        match () {
            () if says("pivot_root(") => Some("shared"),
            () if says("open_tree(") => Some("volumes-late"),
            // Where root of the sandbox is an ordinary user of the host.
            () if says("mount(\"proc\"") && says("EPERM") => Some("furniture-late"),
            () => None,
        }
    })?;
    checks
        .check("the root inside is the directory that was named")
        .did(running.command())
        .saw(inside.mounts_at("/").join("\n"))
        .means("\"/\" inside is another directory than the one on the command line")
        .must(is_same((inside, "/"), (bench.host(), &root)))?;
    let after = bench.host().mounts().len();
    checks
        .check("on a host whose mounts are shared, none of them appears there")
        .did(running.command())
        .saw(format!("the host has {after} mounts, and had {before}"))
        .means("a mount that is made on a shared one is made on all its peers")
        .mistake("shared")
        .must(after == before)?;
    let open = open_files(bench, inside)?;
    checks
        .check("three files are open, and no directory of the host")
        .did(running.command())
        .saw(format!("/proc/{}/fd has {open:?}", inside.0))
        .means("an open directory needs no path: who has one of the host is out")
        .mistake("left-open")
        .also(are_three(&open));
    checks
        .check("the volume is at its place")
        .did(running.command())
        .saw(inside.mounts_at("/mnt").join("\n"))
        .means("inside, /mnt is another directory than /work/data of the host")
        .mistake("volumes-late")
        .also(inside.file("/mnt/sign").is_some_and(|text| text == sign));
    checks
        .check("/dev is there")
        .did(running.command())
        .saw(inside.mounts_at("/dev").join("\n"))
        .means("it was attached where the old root was, and is gone with it")
        .mistake("devices-early")
        .also(inside.mounts_at("/dev").len() == 1);
    checks
        .check("a volume below /dev is there too")
        .did(running.command())
        .saw(format!("{}\n{}", inside.mounts_at("/dev").join("\n"), inside.mounts_at("/dev/data").join("\n")))
        .means("it was placed before /dev was, which lies over it now: no path leads to the volume")
        .mistake_if(inside.mounts_at("/dev").is_empty(), "devices-early")
        .mistake("volumes-first")
        .also(inside.file("/dev/data/sign").is_some_and(|text| text == sign));
    running.end();
    Ok(())
}
