//! `pivot-3`: a root that nobody can write to.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::super::reach::{is_read_only, options, reached};
use super::ordinary_user_too;

pub(super) fn read_only_root(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word, file) = (bench.root(Who::Root)?, bench.nonce("here"), bench.nonce("file"));
    bench.file("/work/data/keep", "")?;
    let script = "for place in /etc /mnt /tmp; do (: >$place/$1) 2>&-; done; echo $0; read end";
    let arguments = ["--read-only", "--volume", "/work/data:/mnt", "--tmpfs", "/tmp"];
    let command = [root.as_str(), "--", "sh", "-c", script, &word, &file];
    let mut running = bench.call("enter-pivot", arguments.iter().chain(&command).copied()).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |_| None)?;

    let of_host = bench.host().mounts_at("/work").pop().unwrap_or_default();
    checks
        .check("the host can still write to its file system")
        .did(running.command())
        .saw(&of_host)
        .means("the file system itself was made read-only, for everybody who has it mounted, and not one mount of it")
        .mistake("whole-file-system")
        .must(!options(&of_host).1.contains(&"ro"))?;
    let lines = inside.mounts_at("/");
    checks
        .check("the root is mounted read-only")
        .worth(2)
        .did(running.command())
        .saw(lines.join("\n"))
        .means("the mount at \"/\" still says rw: whoever has the right to write to its files can do it")
        .mistake_if(lines.len() > 1, "bind-at-once")
        .mistake("nothing-done")
        .must(lines.len() == 1 && lines.iter().all(|line| is_read_only(line)))?;
    let in_root = bench.host().file(&format!("{root}/etc/{file}"));
    checks
        .check("a file that was to be made in the root is not there")
        .did(running.command())
        .saw(format!("{root}/etc/{file} is {}", if in_root.is_none() { "not there" } else { "there" }))
        .means("somebody inside has written to the root")
        .must(in_root.is_none())?;
    let in_volume = bench.host().file(&format!("/work/data/{file}"));
    checks
        .check("a volume keeps its own word")
        .did(running.command())
        .saw(inside.mounts_at("/mnt").join("\n"))
        .means("the mount of the volume was made read-only too, and it was asked for without :ro")
        .mistake("with-all-below")
        .also(in_volume.is_some());
    checks
        .check("so does a directory in memory")
        .did(running.command())
        .saw(inside.mounts_at("/tmp").join("\n"))
        .means("a program needs some place to write to, and this one was asked for")
        .mistake("with-all-below")
        .also(inside.file(&format!("/tmp/{file}")).is_some());
    running.end();
    ordinary_user_too(bench, checks, &["--read-only"], None)
}
