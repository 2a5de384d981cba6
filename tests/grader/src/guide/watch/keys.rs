//! Keys, one by one, as they are pressed; from a pipe, letter by letter.

use std::io::{IsTerminal, Read, stdin};
use std::sync::mpsc::Sender;

use nix::sys::signal::{Signal, raise};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Event;

const CTRL_C: u8 = 3;

/// Puts the terminal back as it was, at the end.
pub(super) struct Restore(Option<Termios>);

/// Tells of every key.
pub(super) fn tell(sender: Sender<Event>) -> Restore {
    let before = single_keys();
    let restore = Restore(before.clone());
    std::thread::spawn(move || {
        for byte in stdin().lock().bytes().map_while(Result::ok) {
            if byte == CTRL_C {
                put_back(before.as_ref());
                // Ends us, and sandboxes see it.
                let _ = raise(Signal::SIGINT);
            }
            if sender.send(Event::Key(char::from(byte))).is_err() {
                return;
            }
        }
        // Nobody watches any more.
        let _ = sender.send(Event::NoMoreKeys);
    });
    restore
}

/// Without waiting for a whole line, and without showing what is typed. Ctrl-C is a key like others, so that the terminal
/// is put back first.
fn single_keys() -> Option<Termios> {
    let before = stdin().is_terminal().then(|| tcgetattr(stdin()).ok()).flatten()?;
    let mut now = before.clone();
    now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    tcsetattr(stdin(), OptionalActions::Now, &now).ok()?;
    Some(before)
}

impl Drop for Restore {
    fn drop(&mut self) {
        put_back(self.0.as_ref());
    }
}

fn put_back(before: Option<&Termios>) {
    if let Some(before) = before {
        // The terminal may be gone.
        let _ = tcsetattr(stdin(), OptionalActions::Now, before);
    }
}
