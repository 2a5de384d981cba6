//! `status-1`: what an exit status says.

use super::super::look::random_number;
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::{End, Ran, Who};

/// Signals that end a process which does not heed them: all but those that a shell treats in its own way.
const SIGNALS: [i32; 6] = [9, 10, 12, 13, 14, 15];

pub(super) fn comes_back(bench: &Bench, checks: &mut Checks) -> Judged {
    let ends = |script: String| {
        bench.call("clone-into", ["--kinds", "uts", "--", "sh", "-c", script.as_str()]).who(Who::Root).run()
    };
    let status = random_number(1, 100) as i32;
    let ran = ends(format!("exit {status}"))?;
    checks
        .check("the status of a child comes back as it is")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("whoever asks for the status of this program means the command")
        .must(ran.end == End::Exited(status))?;
    let signal = SIGNALS[random_number(0, SIGNALS.len() as u32) as usize];
    let ran = ends(format!("kill -{signal} $$"))?;
    checks
        .check("a signal comes back as 128 and its number")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!(
            "a status of {signal} would be that of a command which ended by itself: a signal needs a range of its own"
        ))
        .mistake_if(ran.end == End::Exited(signal), "signal-alone")
        .mistake_if(ran.went_well(), "signal-is-success")
        .must(ran.end == End::Exited(128 + signal))?;
    not_run(bench, checks)
}

fn not_run(bench: &Bench, checks: &mut Checks) -> Judged {
    let (none, file) = (bench.nonce("none"), format!("/work/{}", bench.nonce("file")));
    bench.file(&file, "no program\n")?;
    let [nowhere, missing, forbidden] =
        [none.clone(), format!("/work/{none}"), file].map(|command| bench.run("unshare-uts", ["--", command.as_str()]));
    let (nowhere, missing, forbidden) = (nowhere?, missing?, forbidden?);
    let all = [&nowhere, &missing, &forbidden].map(Ran::status);
    let is_swapped = all == [Some(126), Some(126), Some(127)];
    let are_ours = all.iter().all(|status| *status == Some(125));
    checks
        .check("a command that is in no folder of PATH is 127")
        .did(&nowhere.command)
        .saw(nowhere.in_words())
        .means("127 is what shells say of a command that is not there")
        .mistake_if(is_swapped, "swapped")
        .mistake_if(are_ours, "all-ours")
        .also(nowhere.status() == Some(127));
    checks
        .check("a path that leads nowhere is 127 too")
        .did(&missing.command)
        .saw(missing.in_words())
        .means("here it is the kernel that says ENOENT, and not our own search")
        .mistake_if(is_swapped, "swapped")
        .mistake_if(are_ours, "all-ours")
        .mistake("search-only")
        .also(missing.status() == Some(127));
    checks
        .check("a command that is there and cannot be run is 126")
        .did(&forbidden.command)
        .saw(forbidden.in_words())
        .means("126 is what shells say of a command that is there and cannot be run")
        .mistake_if(is_swapped, "swapped")
        .mistake_if(are_ours, "all-ours")
        .also(forbidden.status() == Some(126));
    let long = "x".repeat(70);
    let ran = bench.run("unshare-uts", ["--hostname", long.as_str(), "--", "true"])?;
    checks
        .check("a refusal that is no fault of the command is 125")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("125 says that the command was never tried")
        .mistake_if(ran.status() == Some(126), "every-refusal")
        .also(ran.status() == Some(125));
    Ok(())
}
