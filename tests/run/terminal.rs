//! A terminal for a container, and the one we sit at.

use crate::harness::{Room, Terminal, rootfs};

/// A container with a terminal, in which a shell does as `script` says.
fn start(room: &Room, script: &str, size: (u16, u16)) -> Terminal {
    let root = rootfs().to_str().expect("paths are UTF-8");
    Terminal::start(room.command("boxwright", ["run", "--rm", "-t", root, "--", "sh", "-c", script]), size)
}

#[test]
fn a_terminal_is_handed_over() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let script = "tty; test -t 0 -a -t 1 -a -t 2 && echo three; stty size; ls -l /proc/1/fd | grep ptmx; echo end";
    let mut terminal = start(&room, script, (33, 101));
    assert_eq!(terminal.line(), "/dev/pts/0");
    assert_eq!(terminal.line(), "three");
    assert_eq!(terminal.line(), "33 101");
    assert_eq!(terminal.line(), "end");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_new_window_size_is_passed_on() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let script = "trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 0.1; done";
    let mut terminal = start(&room, script, (24, 80));
    assert_eq!(terminal.line(), "ready");
    terminal.resize((50, 132));
    assert_eq!(terminal.line(), "50 132");
    assert_eq!(terminal.end(), 4);
}

#[test]
fn keys_become_signals_inside_and_not_for_us() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let script = "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.1; done";
    let mut terminal = start(&room, script, (24, 80));
    assert_eq!(terminal.line(), "ready");
    terminal.type_in("\x03");
    assert!(terminal.line().ends_with("interrupted"));
    assert_eq!(terminal.end(), 6);
}

#[test]
fn our_terminal_is_afterwards_as_before() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let mut terminal = start(&room, "exit 0", (24, 80));
    let before = terminal.settings();
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.settings(), before);
}

#[test]
fn a_shell_is_given_without_being_asked_for_a_terminal() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let words = ["run", "--rm", rootfs().to_str().unwrap(), "--", "sh"];
    let mut terminal = Terminal::start(room.command("boxwright", words), (24, 80));
    terminal.type_in("echo $((6*7)); exit 11\n");
    while !terminal.line().ends_with("42") {}
    assert_eq!(terminal.end(), 11);
}

#[test]
fn without_a_terminal_none_is_made() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    assert_eq!(super::run(&room, &[], "tty; test -t 1 || echo no").stdout(), "not a tty\nno\n");
}
