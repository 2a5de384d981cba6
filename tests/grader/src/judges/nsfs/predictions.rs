//! What answers the predictions of stage 03.

use super::super::look::{STAYS, number};
use crate::bench::Bench;
use crate::checks::Judged;

type Answer = Judged<(&'static str, String)>;

pub(super) fn kept(bench: &Bench) -> Answer {
    let (file, word) = (format!("/run/{}", bench.nonce("uts")), bench.nonce("name"));
    let mut running = bench
        .call("unshare-uts", ["--hostname", word.as_str(), "--", "sh", "-c", STAYS, word.as_str()])
        .as_root()
        .start()?;
    running.line_with(&word);
    let pid = running.innermost().map(|inside| number(bench, inside)).unwrap_or_default();
    bench.call("ns-keep", [pid.as_str(), "uts", file.as_str()]).as_root().run()?;
    running.end();
    let ran = bench.call("ns-enter", [file.as_str(), "--", "cat", "/proc/sys/kernel/hostname"]).as_root().run()?;
    bench.call("ns-drop", [file.as_str()]).as_root().run()?;
    let option = match ran.output.trim() {
        name if name == word => "as-it-was",
        "" => "gone",
        _ => "a-new-one",
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}

pub(super) fn enter_pid(bench: &Bench) -> Answer {
    let word = bench.nonce("there");
    let mut running = bench.start("unshare-pid", ["--", "sh", "-c", STAYS, word.as_str()])?;
    running.line_with(&word);
    let pid = running.innermost().map(|inside| number(bench, inside)).unwrap_or_default();
    let ran = bench.run("ns-enter", [pid.as_str(), "--", "sh", "-c", "echo $$ /proc/[0-9]*"])?;
    running.end();
    let own = ran.output.split_whitespace().next().and_then(|number| number.parse::<u32>().ok());
    let option = match own {
        Some(1) => "one",
        Some(own) if ran.output.contains(&format!("/proc/{own}")) && ran.output.contains("/proc/1 ") => "the-next",
        _ => "outer",
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}
