//! What answers the predictions of stage 07.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::Bench;
use crate::checks::Judged;

type Answer = Judged<(&'static str, String)>;

pub(super) fn numbers(bench: &Bench) -> Answer {
    let word = bench.nonce("here");
    let command = ["run", "--rm", bench.shared_root(), "--", "sh", "-c", "echo $0 $$; read end", &word];
    let mut running = bench.start("boxwright", command)?;
    let said = running.line_with(&word).unwrap_or_default();
    let numbers = running.innermost().map(|process| process.numbers()).unwrap_or_default();
    let option = match numbers.as_slice() {
        [_] => "one",
        [.., 1] => "several",
        _ => "same",
    };
    running.end();
    Ok((option, format!("inside it says {said:?}; /proc/PID/status of the host says NSpid: {numbers:?}")))
}

pub(super) fn deaf(bench: &Bench) -> Answer {
    let word = bench.nonce("here");
    let command = ["run", "--rm", bench.shared_root(), "--", "sh", "-c", "echo $0; exec sleep 4", &word];
    let mut running = bench.start("boxwright", command)?;
    running.line_with(&word);
    if let Some(parent) = running.process() {
        kill(Pid::from_raw(parent.0.cast_signed()), Signal::SIGTERM)?;
    }
    let began = std::time::Instant::now();
    let ran = running.end();
    let option = match ran.status() {
        Some(143) => "ends",
        Some(0) => "nothing",
        _ => "fails",
    };
    let seconds = began.elapsed().as_secs_f64();
    Ok((option, format!("{}\nafter SIGTERM it took {seconds:.1} seconds, and {}", ran.command, ran.in_words())))
}
