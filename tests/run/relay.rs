//! What goes in and comes out while a program runs: keys, signals, and words that nobody wants any more.

use std::hint::spin_loop;

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::LocalFlags;
use nix::unistd::Pid;

use super::{command, first_process};
use crate::harness::{Process, Room, Running, Terminal, program, rootfs};

fn send(process: Process, signal: Signal) {
    kill(Pid::from_raw(process.0 as i32), signal).expect("it runs, and is ours");
}

/// Runs a shell's `script`, to which "$@" is the command line of a container that does as `words` say.
fn below_shell<'a>(script: &'a str, options: &[&'a str], words: &'a str) -> Vec<&'a str> {
    let boxwright = program("boxwright").to_str().expect("paths are UTF-8");
    ["-c", script, "sh", boxwright].into_iter().chain(command(options, words)).collect()
}

/// Starts a container that says so when it is ready, and then waits.
fn ready(room: &Room, options: &[&str], traps: &str) -> Running {
    let words = format!("{traps}; echo ready; while :; do sleep 0.1; done");
    let mut running = room.start("boxwright", command(options, &words));
    assert_eq!(running.line(), "ready");
    running
}

#[test]
fn keys_that_nobody_reads_hold_up_neither_words_nor_signals() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let keys = room.path("keys");
    // What is started becomes `boxwright`, and `yes` a child of it.
    let script = format!("mkfifo {0} && {{ yes >{0} & exec \"$@\" <{0}; }}", keys.display());
    // More keys than a terminal holds come in while this is written: some a round.
    let words = "trap 'exit 7' TERM; stty -echo; read -r key; yes $(printf %01000d 0) | head -n 1000; echo ready; \
                 while :; do sleep 0.1; done";
    let mut running = room.start("/bin/sh", below_shell(&script, &["-t"], words));
    while running.line().trim_end() != "ready" {}
    send(running.process(), Signal::SIGTERM);
    assert_eq!(running.end().status(), 7);
}

#[test]
fn the_end_of_keys_is_an_end_after_part_of_a_line_too() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for (keys, seen) in [("", "<>"), ("abc", "<abc>"), ("abc\n", "<abc\n>"), ("abc\ndef", "<abc\ndef>")] {
        let words = "stty -echo -onlcr; echo ready; cat >/keys; printf '<%s>' \"$(cat /keys; echo .)\"; exit 3";
        let mut running = room.start("boxwright", command(&["-t"], words));
        assert_eq!(running.line().trim_end(), "ready");
        running.say(keys);
        let ran = running.end();
        assert_eq!((ran.stdout(), ran.status()), (seen.replace('>', ".>"), 3), "{keys:?}");
    }
}

#[test]
fn who_reads_no_further_hangs_up() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let script = "{ \"$@\"; echo $? >&2; } | head -n 1";
    // PID 1 is spared by a SIGHUP that it does not wait for, and by SIGPIPE: it shall end all the same.
    for (words, status) in [("trap 'exit 5' HUP; ", "5\n"), ("", "137\n")] {
        let words = format!("{words}while :; do echo word; done");
        for options in [&["-t"][..], &["-t", "--no-cgroup"]] {
            let ran = room.run("/bin/sh", below_shell(script, options, &words));
            assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("word\r\n", status), "{options:?} {words}");
        }
    }
}

#[test]
fn who_reads_no_further_has_the_terminal_as_before() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let words = below_shell("\"$@\" | head -n 1", &["-t"], "trap 'exit 5' HUP; while :; do echo word; done");
    let mut terminal = Terminal::start(room.command("/bin/sh", words), (24, 80));
    assert_eq!(terminal.line(), "word");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.settings().contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG));
}

#[test]
fn a_signal_that_does_not_ask_for_an_end_is_none_however_often_it_comes() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let traps = "trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'exit 8' TERM";
    let mut running = ready(&room, &[], traps);
    for (signal, name) in [(Signal::SIGHUP, "HUP"), (Signal::SIGUSR1, "USR1")].repeat(3) {
        send(running.process(), signal);
        assert_eq!(running.line(), name);
    }
    send(running.process(), Signal::SIGTERM);
    assert_eq!(running.end().status(), 8);
}

#[test]
fn who_asks_for_an_end_three_times_gets_it() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let mut running = ready(&room, &[], "trap 'echo not yet' INT TERM");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        send(running.process(), signal);
        assert_eq!(running.line(), "not yet");
    }
    send(running.process(), Signal::SIGINT);
    assert_eq!(running.end().status(), 137);
}

#[test]
fn a_signal_while_a_container_is_made_leaves_nothing_behind() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, Strace);
    let room = room!();
    let (trace, root) = (room.path("strace"), rootfs().to_str().unwrap());
    // Its record is locked; it is born; its first word is waited for.
    for call in ["flock", "clone3", "recvmsg"] {
        for signal in ["HUP", "INT", "TERM"] {
            let inject = format!("inject={call}:signal={signal}:when=1");
            let words = ["-o", trace.to_str().unwrap(), "-e", &inject, program("boxwright").to_str().unwrap()];
            let ran =
                room.run("/usr/bin/strace", words.into_iter().chain(["run", "--rm", root, "--", "echo", "through"]));
            // PID 1 is spared by a signal that it has no handler for; a shell would have one for SIGINT.
            assert_eq!((ran.stdout().as_str(), ran.status()), ("through\n", 0), "{signal} in {call}: {}", ran.stderr());
            let seen = std::fs::read_to_string(&trace).expect("strace writes what it sees");
            let passed_on = |line: &str| line.contains("pidfd_send_signal") && line.contains(&format!("SIG{signal}"));
            assert!(seen.lines().any(passed_on), "{signal} in {call} is nowhere in {seen}");
        }
    }
    assert_eq!(room.run("boxwright", ["ps", "--all", "--json"]).ok().trim(), "[]");
}

#[test]
fn a_key_is_one_signal_below_init_too() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let words = "trap 'echo interrupted' INT; trap 'echo asked; exit 4' TERM; echo ready; while :; do sleep 0.1; done";
    let words = ["run", "--rm", "-t", "--init", root, "--", "sh", "-c", words];
    let mut terminal = Terminal::start(room.command("boxwright", words), (24, 80));
    assert_eq!(terminal.line(), "ready");
    // What the key means to PID 1 is seen when it goes on, and before what it is sent later: signals are taken in order.
    let init = first_process(&room);
    send(init, Signal::SIGSTOP);
    while init.status("State").is_some_and(|state| !state.starts_with('T')) {
        spin_loop();
    }
    terminal.type_in("\x03");
    assert!(terminal.line().ends_with("interrupted"));
    send(init, Signal::SIGTERM);
    send(init, Signal::SIGCONT);
    assert_eq!(terminal.line(), "asked");
    assert_eq!(terminal.end(), 4);
}

#[test]
fn nobody_below_init_is_stopped_where_nobody_could_continue_it() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    for options in [&["run", "--rm", "-t"][..], &["run", "--rm", "-t", "--init"]] {
        let words = "trap 'exit 6' INT; echo ready; while :; do sleep 0.1; done";
        let words = options.iter().copied().chain([root, "--", "sh", "-c", words]);
        let mut terminal = Terminal::start(room.command("boxwright", words), (24, 80));
        assert_eq!(terminal.line(), "ready");
        terminal.type_in("\x1a");
        terminal.type_in("\x03");
        assert_eq!(terminal.end(), 6);
    }
}
