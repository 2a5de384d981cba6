//! `chroot-1`: another root.

use super::super::look::{STAYS, arrives, place_at, place_in_words, place_of};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

pub(super) fn another_root(bench: &Bench, checks: &mut Checks) -> Judged {
    let root = bench.root(Who::Root)?;
    let word = bench.nonce("here");
    let call = bench.call("enter-chroot", [root.as_str(), "--", "/bin/sh", "-c", STAYS, word.as_str()]);
    let mut running = call.as_root().at("/tmp").start()?;
    let inside = arrives(checks, &mut running, &word, |said| {
        (said.contains("chdir(") && said.contains("ENOENT")).then_some("old-name")
    })?;
    let (wanted, host) = (place_at(bench, &root), place_at(bench, "/"));
    let (theirs, here) = (place_of(inside, "root"), place_of(inside, "cwd"));
    let places = format!("{root} is {}; / of the host is {}", place_in_words(wanted), place_in_words(host));
    checks
        .check("paths of the command begin at the new root")
        .worth(2)
        .did(running.command())
        .saw(format!("/proc/PID/root is {}; {places}", place_in_words(theirs)))
        .means("the root of a process moves by chroot(2), and by nothing that is done to its working directory")
        .mistake_if(theirs == host, "chdir-only")
        .must(wanted.is_some() && theirs == wanted)?;
    checks
        .check("its working directory is the new root too")
        .worth(2)
        .did(format!("cd /tmp; {}", running.command()))
        .saw(format!("/proc/PID/cwd is {}; {places}", place_in_words(here)))
        .means("the working directory lies outside of the root, and from there `..` leads on to everything")
        .mistake_if(here == host, "chdir-first")
        .mistake("no-chdir")
        .must(here == wanted)?;
    running.end();

    let (file, text) = (bench.nonce("file"), bench.nonce("text"));
    bench.shell(Who::Root, &format!("echo {text} > {root}/{file}"))?;
    let script = format!("cat {file} /{file} /../../{file}");
    let ran = bench.call("enter-chroot", [root.as_str(), "--", "/bin/sh", "-c", script.as_str()]).as_root().run()?;
    checks
        .check("a file is found by the same name from / and from here, and `..` leads no higher")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the kernel stops `..` at the root directory of the process, if the process is below it")
        .also(ran.output.lines().filter(|line| *line == text).count() == 3);
    let shared = bench.shared_root();
    let ran = bench.run("enter-chroot", [shared, "--", "/bin/sh", "-c", "pwd; exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("enter-chroot makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7) && ran.output.trim() == "/");
    Ok(())
}
