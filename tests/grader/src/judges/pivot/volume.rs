//! `pivot-4`: a directory of the host, inside; and to read only, when that is what was asked for.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::super::reach::{is_read_only, reached};
use super::ordinary_user_too;

pub(super) fn volume(bench: &Bench, checks: &mut Checks) -> Judged {
    let sign = bench.nonce("sign");
    bench.file("/work/data/sign", &sign)?;
    bench.file("/work/free/keep", "")?;
    bench.shell(Who::Root, "mkdir /work/data/below && mount -t tmpfs -o mode=777 none /work/data/below")?;
    let found = volume_on(bench, checks, &sign);
    bench.shell(Who::Root, "umount /work/data/below")?;
    found?;
    ordinary_user_too(bench, checks, &["--volume", "/work/free:/mnt:ro"], None)
}

fn volume_on(bench: &Bench, checks: &mut Checks, sign: &str) -> Judged {
    let (root, word, file) = (bench.root(Who::Root)?, bench.nonce("here"), bench.nonce("file"));
    let script = "for place in /mnt /mnt/below /srv; do (: >$place/$1) 2>&-; done; echo $0; read end";
    bench.shell(Who::Root, &format!("mkdir -p {root}/srv"))?;
    let arguments = ["--volume", "/work/data:/mnt:ro", "--volume", "/work/free:/srv"];
    let command = [root.as_str(), "--", "sh", "-c", script, &word, &file];
    let mut running = bench.call("enter-pivot", arguments.iter().chain(&command).copied()).as_root().start()?;
    let inside =
        reached(checks, &mut running, &word, |words| words.contains("mount_setattr(").then_some("not-attached"))?;
    let (upper, below) = (inside.mounts_at("/mnt"), inside.mounts_at("/mnt/below"));
    checks
        .check("the volume is at its place")
        .did(running.command())
        .saw(upper.join("\n"))
        .means("inside, /mnt is another directory than /work/data of the host")
        .mistake("not-attached")
        .must(inside.file("/mnt/sign").is_some_and(|text| text == sign))?;
    checks
        .check("it is mounted read-only, as it was asked for")
        .worth(2)
        .did(running.command())
        .saw(upper.join("\n"))
        .means("the mount says rw: a file of the host can be changed from inside")
        .mistake_if(upper.len() > 1, "bind-at-once")
        .mistake("never-read-only")
        .must(upper.len() == 1 && upper.iter().all(|line| is_read_only(line)))?;
    checks
        .check("so is what is mounted in it")
        .worth(2)
        .did(running.command())
        .saw(below.join("\n"))
        .means("a mount in the volume is a mount of its own, with its own flags")
        .mistake("only-the-top")
        .must(!below.is_empty() && below.iter().all(|line| is_read_only(line)))?;
    let written = ["/work/data", "/work/data/below"].map(|place| format!("{place}/{file}"));
    let written: Vec<_> = written.into_iter().filter(|path| bench.host().file(path).is_some()).collect();
    checks
        .check("no file was made there")
        .did(running.command())
        .saw(format!("on the host there is {}", if written.is_empty() { "none" } else { &written[0] }))
        .means("somebody inside has written to the volume")
        .also(written.is_empty());
    checks
        .check("a volume without :ro can be written to")
        .did(running.command())
        .saw(inside.mounts_at("/srv").join("\n"))
        .means("what was written is not on the host")
        .mistake("always-read-only")
        .also(bench.host().file(&format!("/work/free/{file}")).is_some());
    running.end();
    Ok(())
}
