//! Judges of stage 04.

mod furniture;
mod lab;
mod order;
mod predictions;
mod read_only;
mod root;
mod volume;

use super::{Judge, Oracle};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "pivot-1", judge: root::mount_point },
    Judge { id: "pivot-2", judge: root::pivot },
    Judge { id: "pivot-3", judge: read_only::read_only_root },
    Judge { id: "pivot-4", judge: volume::volume },
    Judge { id: "pivot-5", judge: furniture::furniture },
    Judge { id: "pivot-6", judge: order::order },
    Judge { id: "lab-leaked-directory", judge: lab::leaked_directory },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-host-mounts", answer: predictions::host_mounts },
    Oracle { id: "predict-disk", answer: predictions::disk },
];

/// That somebody without rights can do it too: the last thing to look at, because everything else comes first.
fn ordinary_user_too(bench: &Bench, checks: &mut Checks, arguments: &[&str], mistake: Option<&str>) -> Judged {
    let word = bench.nonce("ordinary");
    let script = "cat /etc/word; exit 7";
    let root = bench.root(Who::Root)?;
    bench.shell(Who::Root, &format!("echo {word} >{root}/etc/word"))?;
    let command = [root.as_str(), "--", "sh", "-c", script];
    let ran = bench.run("enter-pivot", arguments.iter().chain(&command).copied())?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("enter-pivot makes a user namespace first; what your function does must also work in there")
        .mistake_if(mistake.is_some(), mistake.unwrap_or_default())
        .also(ran.status() == Some(7) && ran.output.trim() == word);
    Ok(())
}
