//! Fixed words for whatever differs from machine to machine. Each rule with its reason; there are no others.

mod spelling;

use std::collections::BTreeMap;
use std::path::Path;

use super::raw::Raw;
use crate::trace::unquoted;
use spelling::{
    each_word, fixed_descriptors, fixed_length, fixed_programs, own_id, replace_number, without_descriptors,
};

/// Where one number becomes another: processes are counted from here, in the order of their birth.
const FIRST_PID: u32 = 101;

/// What is said instead of what.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Paths and names of this recording, the longest first.
    pub(crate) texts: Vec<(String, String)>,
    /// The name of this machine.
    pub(crate) hostname: String,
    /// Whoever runs the program: user and group.
    ids: (u32, u32),
    pids: BTreeMap<u32, u32>,
    sockets: Vec<String>,
    namespaces: BTreeMap<String, Vec<u64>>,
}

impl Words {
    /// Of this machine, and of this user of it.
    pub(crate) fn of(hostname: String, ids: (u32, u32)) -> Self {
        Self { hostname, ids, ..Self::default() }
    }

    /// Says `word` for `path`.
    pub(crate) fn say(&mut self, word: &str, path: &Path) {
        self.texts.push((path.display().to_string(), word.to_owned()));
        self.texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    /// The number of a process, which may be a new one.
    pub(crate) fn pid(&mut self, pid: u32) -> u32 {
        let next = FIRST_PID + self.pids.values().filter(|known| **known >= FIRST_PID).count() as u32;
        *self.pids.entry(pid).or_insert(next)
    }

    /// The process that was there before gets the number before the first.
    pub(crate) fn beside(&mut self, pid: u32) -> u32 {
        self.pids.insert(pid, FIRST_PID - 1);
        FIRST_PID - 1
    }

    /// The label of a namespace: `A` is the first of its kind, and that is the host's.
    pub(crate) fn namespace(&mut self, kind: &str, inode: u64) -> String {
        let known = self.namespaces.entry(kind.trim_end_matches("_for_children").to_owned()).or_default();
        let at = known.iter().position(|one| *one == inode).unwrap_or_else(|| {
            known.push(inode);
            known.len() - 1
        });
        char::from(b'A' + at.min(25) as u8).to_string()
    }

    /// The call with fixed words.
    pub(crate) fn apply(&mut self, raw: &mut Raw) {
        let before: Vec<_> = raw.arguments.clone();
        raw.reason = self.text(&raw.reason);
        self.fixed_ids(raw);
        fixed_programs(raw);
        for argument in &mut raw.arguments {
            *argument = self.text(argument);
        }
        fixed_descriptors(raw);
        self.fixed_pids(raw);
        self.fixed_host(raw);
        fixed_length(raw, &before);
        raw.result = raw.result.take().map(|result| self.text(&result));
    }

    /// Paths, descriptors, sockets and namespaces, wherever they stand.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let text = self.texts.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from.as_str(), to));
        // A v1 controller that shares its tree with another has both names there.
        let text = text.replace("/cpu,cpuacct/", "/cpuacct/");
        let text = without_descriptors(&text);
        let text = self.numbered(&text, "socket:[", |words, number| {
            let at = words.sockets.iter().position(|known| known == number).unwrap_or_else(|| {
                words.sockets.push(number.to_owned());
                words.sockets.len() - 1
            });
            (at + 1).to_string()
        });
        let text = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"].iter().fold(text, |text, kind| {
            let name = |words: &mut Self, number: &str| words.namespace(kind, number.parse().unwrap_or_default());
            self.numbered(&text, &format!("{kind}:["), name)
        });
        self.pids_in_names(&text)
    }

    /// Replaces the number that follows `lead`.
    fn numbered(&mut self, text: &str, lead: &str, mut word: impl FnMut(&mut Self, &str) -> String) -> String {
        let mut parts = text.split(lead);
        let mut fixed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            let number = if end > 0 { word(self, &part[..end]) } else { String::new() };
            fixed = fixed + lead + &number + &part[end..];
        }
        fixed
    }

    /// `/proc/PID/…`, and directories that a program names after itself: `enter-overlay-PID-0`.
    fn pids_in_names(&self, text: &str) -> String {
        self.pids.iter().fold(text.to_owned(), |text, (pid, word)| {
            let text = replace_number(&text, "/proc/", *pid, *word);
            replace_number(&text, "enter-overlay-", *pid, *word)
        })
    }

    /// Processes as arguments and as results: only in calls that take or give one, for other numbers may be equal.
    fn fixed_pids(&mut self, raw: &mut Raw) {
        let known = |words: &Self, text: &str| words.pids.get(&text.parse().ok()?).map(ToString::to_string);
        if matches!(raw.call.as_str(), "wait4" | "waitid" | "kill" | "pidfd_open" | "setpgid" | "tgkill") {
            for argument in &mut raw.arguments {
                *argument = known(self, argument).unwrap_or_else(|| argument.clone());
            }
        }
        let gives_one = raw.is_birth() || raw.is_wait() || raw.call == "getpid";
        if let Some(result) = raw.result.as_mut().filter(|_| gives_one) {
            *result = known(self, result).unwrap_or_else(|| result.clone());
        }
        if raw.call == "execve"
            && let Some(words) = raw.arguments.get_mut(1)
        {
            let own = |text: &str| known(self, unquoted(text)).map(|pid| format!("\"{pid}\""));
            *words = each_word(words, |word| own(word).unwrap_or_else(|| word.to_owned()));
        }
    }

    /// The user is 1000 here, and has been granted 65536 ids from 100000 on.
    fn fixed_ids(&self, raw: &mut Raw) {
        let (user, group) = self.ids;
        let target = raw.arguments.first().cloned().unwrap_or_default();
        let own = if target.contains("gid_map") || target.contains("newgidmap") { group } else { user };
        if raw.call == "write" && (target.contains("uid_map") || target.contains("gid_map")) {
            let fixed = |line: &str| -> Vec<String> {
                let numbers = line.split(' ').enumerate();
                numbers
                    .map(
                        |(at, number)| {
                            if at == 1 && number == own.to_string() { own_id(own) } else { number.to_owned() }
                        },
                    )
                    .collect()
            };
            let lines: Vec<_> = unquoted(&raw.arguments[1]).split("\\n").map(|line| fixed(line).join(" ")).collect();
            raw.arguments[1] = format!("\"{}\"", lines.join("\\n"));
        }
        if raw.call == "execve" && (target.contains("newuidmap") || target.contains("newgidmap")) {
            let mut at = 0;
            raw.arguments[1] = each_word(&raw.arguments[1], |word| {
                at += 1;
                match at {
                    4 if unquoted(word) == own.to_string() => format!("\"{}\"", own_id(own)),
                    7 => "\"100000\"".to_owned(),
                    8 => "\"65536\"".to_owned(),
                    _ => word.to_owned(),
                }
            });
        }
    }

    /// A file that holds the name of this machine, or whom it asks for names.
    fn fixed_host(&self, raw: &mut Raw) {
        if raw.call != "write" || raw.arguments.len() < 3 {
            return;
        }
        if ["/etc/hosts", "/etc/hostname"].iter().any(|file| raw.arguments[0].contains(file)) {
            let words = |line: &str| -> Vec<String> {
                line.split(' ')
                    .map(|word| if word == self.hostname { "host".to_owned() } else { word.to_owned() })
                    .collect()
            };
            let lines: Vec<_> = unquoted(&raw.arguments[1]).split("\\n").map(|line| words(line).join(" ")).collect();
            raw.arguments[1] = format!("\"{}\"", lines.join("\\n"));
        }
        if raw.arguments[0].contains("/etc/resolv.conf") && raw.arguments[1].contains("nameserver") {
            raw.arguments[1] = "\"nameserver 192.0.2.53\\n\"".to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_length_follows_its_text() {
        let mut words = Words { hostname: "vm".to_owned(), ..Words::default() };
        let mut raw = Raw { call: "write".to_owned(), result: Some("3".to_owned()), ..Raw::default() };
        raw.arguments = vec!["8</etc/hostname>".to_owned(), "\"vm\\n\"".to_owned(), "3".to_owned()];
        words.apply(&mut raw);
        assert_eq!(raw.arguments, ["FD</etc/hostname>", "\"host\\n\"", "5"]);
        assert_eq!(raw.result.as_deref(), Some("5"));
    }
}
