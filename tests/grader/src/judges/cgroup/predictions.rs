//! What answers the predictions of stage 06.

use crate::bench::Bench;
use crate::checks::Judged;

use super::{text_of, value};

type Answer = Judged<(&'static str, String)>;

pub(super) fn at_the_wall(bench: &Bench) -> Answer {
    let script = "for one in 1 2 3 4 5 6; do sleep 1 & done; echo all; wait";
    let ran = bench.call("limit", ["--pids", "4", "--", "sh", "-c", script]).as_root().run()?;
    let option = match (ran.status(), ran.errors.to_lowercase().contains("fork")) {
        (Some(137), _) => "killed",
        (_, true) => "refused",
        _ => "waits",
    };
    Ok((option, format!("{}\n{}\n{}", ran.command, ran.output, ran.in_words())))
}

pub(super) fn frozen_and_killed(bench: &Bench) -> Answer {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let command = ["--quiet", "--name", &name, "--", "sh", "-c", "echo $0; read end", &word];
    let mut running = bench.call("limit", command).as_root().start()?;
    let inside = running.line_with(&word).and_then(|_| running.innermost());
    let frozen = bench.call("freeze", [format!("boxwright/{name}")]).as_root().run()?;
    let events = text_of(bench, &name, "cgroup.events").unwrap_or_default();
    if let Some(inside) = inside {
        inside.kill();
    }
    let end = std::time::Instant::now() + std::time::Duration::from_secs(2);
    while inside.is_some_and(|inside| inside.is_alive()) && std::time::Instant::now() < end {
        std::thread::yield_now();
    }
    let is_alive = inside.is_some_and(|inside| inside.is_alive());
    bench.call("kill-cgroup", [format!("boxwright/{name}")]).as_root().run()?;
    running.end();
    let option = if is_alive { "waits" } else { "dies" };
    let saw = format!(
        "{}\nfrozen {}; after SIGKILL the process is {}",
        frozen.in_words(),
        value(&events, "frozen").unwrap_or(0),
        if is_alive { "there" } else { "gone" }
    );
    Ok((option, saw))
}
