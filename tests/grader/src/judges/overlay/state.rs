//! `overlay-2`: where changes go, and where the kernel prepares them.

use std::os::unix::fs::PermissionsExt;

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::super::reach::reached;

/// Of the uppermost layer's top directory; no default has it.
const MODE: u32 = 0o775;

pub(super) fn state(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    bench.shell(Who::Root, &format!("mkdir -m {MODE:o} top"))?;
    let base = bench.shared_root();
    let layers = ["--layer", base, "--layer", "top", "--state", "box"];
    let script = "echo $0 >/etc/made; echo $0; read end";
    let command = ["--", "sh", "-c", script, &word];
    let mut running = bench.call("enter-overlay", layers.iter().chain(&command).copied()).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |words| match () {
        () if bench.host().in_root("/work/box/upper/work").is_some() => Some("work-in-upper"),
        () if words.contains("overlay") && words.contains("ENOENT") => Some("no-work"),
        () if words.contains("overlay") && words.contains("EINVAL") => Some("work-elsewhere"),
        () => None,
    })?;
    let root = inside.mounts_at("/").pop().unwrap_or_default();
    // Not everybody may look there, when it is closed.
    let upper = bench.shell(Who::Root, "cat box/upper/etc/made")?.output;
    checks
        .check("what is written goes to the upper directory of the state")
        .worth(2)
        .did(running.command())
        .saw(&root)
        .means("the file that was written is not in box/upper")
        .must(upper.trim() == word)?;
    let mode = inside.in_root(".").and_then(|top| top.metadata().ok()).map(|about| about.permissions().mode() & 0o7777);
    checks
        .check("the root looks as the uppermost layer has it")
        .did(running.command())
        .saw(format!("its mode is {:o}, in the layer it is {MODE:o}", mode.unwrap_or_default()))
        .means(
            "the top of an overlay has the mode of the upper directory: programs that are not root may not even look",
        )
        .mistake("closed")
        .also(mode == Some(MODE));
    running.end();
    let again =
        bench.call("enter-overlay", layers.iter().chain(&["--", "cat", "/etc/made"]).copied()).as_root().run()?;
    checks
        .check("the state can be used again, and has what was written")
        .worth(2)
        .did(&again.command)
        .saw(again.in_words())
        .means("the directories are there the second time, and that is no mistake")
        .mistake("made-twice")
        .also(again.output.trim() == word);
    let ran = bench
        .call("enter-overlay", ["--layer", base, "--", "sh", "-c", "echo $0 >/etc/made; cat /etc/made; exit 7", &word])
        .who(Who::Ordinary)
        .run()?;
    checks
        .check("an ordinary user can do it too, without a state that stays")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("enter-overlay makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7) && ran.output.trim() == word);
    let left = bench.shell(Who::Root, "ls -A /tmp")?;
    checks
        .check("what is temporary is gone afterwards")
        .did(&ran.command)
        .saw(format!("in /tmp there is {:?}", left.output))
        .means("each run leaves a directory behind")
        .also(left.output.trim().is_empty());
    Ok(())
}
