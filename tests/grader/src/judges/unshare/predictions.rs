//! What answers the predictions of stage 02.

use crate::bench::Bench;
use crate::checks::Judged;
use crate::process::Process;

type Answer = Judged<(&'static str, String)>;

pub(super) fn ps(bench: &Bench) -> Answer {
    // The shell lists the folders itself, so that nobody else is there.
    let ran = bench.run("unshare-pid", ["--no-proc", "--", "sh", "-c", "echo $$ /proc/[0-9]*"])?;
    let option =
        match ran.output.split_whitespace().filter(|word| word.starts_with("/proc/") && !word.contains('*')).count() {
            0 => "nobody",
            1 => "itself",
            _ => "everybody",
        };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}

pub(super) fn mounts(bench: &Bench) -> Answer {
    let count = "wc -l < /proc/self/mountinfo";
    let outside = bench.run("/bin/sh", ["-c", count])?;
    let inside = bench.run("unshare-mount", ["--", "/bin/sh", "-c", count])?;
    let number = |text: &str| text.trim().parse::<u32>().unwrap_or_default();
    let (before, after) = (number(&outside.output), number(&inside.output));
    let option = match after {
        0 => "none",
        _ if after == before => "the-same",
        _ => "fewer",
    };
    Ok((option, format!("{}: {after} lines; outside: {before}", inside.command)))
}

pub(super) fn own_pid(bench: &Bench) -> Answer {
    let word = bench.nonce("here");
    let mut running =
        bench.start("unshare-pid", ["--no-proc", "--", "sh", "-c", "echo $0; read end", word.as_str()])?;
    running.line_with(&word);
    let (program, command) = (running.process(), running.innermost());
    let moved = program.is_some_and(|program| !program.shares("pid", bench.host()));
    let child = command.is_some_and(|command| !command.shares("pid", bench.host()));
    let option = match (moved, child) {
        (true, _) => "the-program",
        (false, true) => "the-child",
        (false, false) => "nobody",
    };
    let numbers =
        |one: Option<Process>| one.and_then(|one| one.status("NSpid")).unwrap_or_else(|| "missing".to_owned());
    let seen = format!(
        "{}\nNSpid of the program: {}; of the command: {}",
        running.command(),
        numbers(program),
        numbers(command)
    );
    running.end();
    Ok((option, seen))
}
