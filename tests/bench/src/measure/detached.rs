//! Containers in the background: how each kind is started, entered and removed.

use std::path::PathBuf;

use anyhow::Result;

use super::Bench;
use crate::cgroups;
use crate::contender::Contender;
use crate::oci::{Asked, write_bundle};
use crate::peers::which;
use crate::user::User;

/// What they run: it needs no processor.
const SLEEP: [&str; 2] = ["sleep", "1000000"];

/// Ours, with a process that stays for its log and its status. The others have neither.
pub const ATTENDED: &str = "boxwright, with a log";

/// A way to have containers, and where it keeps what it knows of them.
pub struct Kind<'a> {
    /// What the tables call it.
    pub name: &'static str,
    bench: &'a Bench,
    bundle: PathBuf,
    state: PathBuf,
}

impl<'a> Kind<'a> {
    /// Those of these names that are there.
    ///
    /// # Errors
    /// Their files cannot be written.
    pub fn all(bench: &'a Bench, names: &[&'static str]) -> Result<Vec<Self>> {
        let is_there = |name: &&&'static str| ["boxwright", ATTENDED, "floor"].contains(*name) || which(name).is_some();
        names.iter().filter(is_there).map(|name| Self::open(bench, name)).collect()
    }

    fn open(bench: &'a Bench, name: &'static str) -> Result<Self> {
        let (bundle, state) =
            (bench.scratch.join(format!("{name}-background")), bench.scratch.join(format!("{name}-state")));
        std::fs::create_dir_all(&state)?;
        let root = bench.root.display().to_string();
        let user = (!User::Self_.is_root()).then_some(User::Self_.ids());
        write_bundle(&bundle, &Asked { root: &root, arguments: &SLEEP, user, cgroup: None })?;
        Ok(Self { name, bench, bundle, state })
    }

    /// The program with these words.
    ///
    /// # Errors
    /// Its home cannot be made.
    pub fn command(&self, words: &[&str]) -> Result<Contender> {
        let (state, floor) = (self.state.display().to_string(), self.bench.programs.floor.display().to_string());
        let manager = if self.bench.has_cgroups { "--cgroup-manager=cgroupfs" } else { "--cgroup-manager=disabled" };
        let first: Vec<&str> = match self.name {
            "boxwright" => return self.bench.boxwright(User::Self_, words),
            // At home elsewhere: what the one removes is not the other's.
            ATTENDED => {
                let home = self.bench.home(User::Self_)?.join("attended");
                return Ok(self.bench.boxwright(User::Self_, words)?.with("BOXWRIGHT_HOME", &home));
            }
            "floor" => vec![&floor],
            "crun" => vec!["crun", "--root", &state, manager],
            other => vec![other, "--root", &state],
        };
        let all: Vec<_> = first.into_iter().chain(words.iter().copied()).collect();
        Ok(Contender::new(self.name, &all).with("XDG_RUNTIME_DIR", &self.state))
    }

    /// Starts one of this name.
    ///
    /// # Errors
    /// As [`Kind::command`].
    pub fn start(&self, name: &str) -> Result<Contender> {
        // Of two with one name the second would find the other's cgroup.
        let name = &if self.name == ATTENDED { format!("{name}-logged") } else { name.to_owned() };
        let (root, bundle) = (self.bench.root.display().to_string(), self.bundle.display().to_string());
        let cgroup = self.cgroup(name);
        let mut words: Vec<&str> = match self.name {
            "boxwright" => vec!["run", "--detach", "--unattended", "--read-only", "--in-place", "--name", name],
            ATTENDED => vec!["run", "--detach", "--read-only", "--in-place", "--name", name],
            "floor" => vec!["--detach"],
            _ => return self.command(&["run", "--detach", "--bundle", &bundle, name]),
        };
        match (&cgroup, self.name) {
            (Some(cgroup), "floor") => words.extend(["--cgroup", cgroup]),
            (None, "boxwright" | ATTENDED) => words.push("--no-cgroup"),
            _ => {}
        }
        words.extend((self.name == "floor" && !User::Self_.is_root()).then_some("--user"));
        words.push(&root);
        words.extend(["boxwright", ATTENDED].contains(&self.name).then_some("--"));
        words.extend(if self.name == "floor" { ["/bin/sleep", SLEEP[1]] } else { SLEEP });
        self.command(&words)
    }

    /// Where its program is.
    ///
    /// # Errors
    /// As [`Kind::command`].
    pub fn program(&self) -> Result<PathBuf> {
        let program = PathBuf::from(&self.command(&[])?.command[0]);
        let found = which(&program.display().to_string()).unwrap_or(program);
        Ok(found.canonicalize()?)
    }

    /// Where the floor makes one of this name a cgroup.
    pub fn cgroup(&self, name: &str) -> Option<String> {
        self.bench.has_cgroups.then(|| format!("{}/{}-{name}", cgroups::TOP, self.name))
    }

    /// Removes all of these, in one command where there is one.
    ///
    /// # Errors
    /// As [`Kind::command`].
    pub fn remove(&self, names: &[String]) -> Result<Contender> {
        let mut words: Vec<String> = match self.name {
            "boxwright" | ATTENDED => vec!["rm".into(), "--force".into()],
            "floor" => vec!["remove".into()],
            "crun" => return self.command(&["delete", "--force", "--regex", ".*"]),
            _ => vec!["delete".into(), "--force".into()],
        };
        match self.name {
            "boxwright" | ATTENDED if self.can_remove_all() => words.push("--all".into()),
            "floor" => words.extend(names.iter().filter_map(|name| self.cgroup(name))),
            _ => words.extend(names.iter().cloned()),
        }
        self.command(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn can_remove_all(&self) -> bool {
        let asked = self.command(&["rm", "--help"]).and_then(|command| command.answer());
        asked.is_ok_and(|(_, help)| {
            help.lines().any(|line| line.trim_start().trim_start_matches("-a, ").starts_with("--all"))
        })
    }
}
