//! A host that is locked down, made for one judge: namespaces of its own, then what makes it worse, then a program.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::sched::CloneFlags;

use super::filter::Filter;
use super::step::{Prepared, STUMBLED, Step};
use super::warden::{Rule, Warden};
use crate::harness::{Ran, Room, Running};

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody without any privilege.
    Ordinary,
    /// root of a user namespace, with every privilege there.
    Root,
}

/// The id of [`Who::Ordinary`]. It stands for whoever runs the judges, who thereby loses every privilege.
const SOMEBODY: u32 = 1000;

/// A host, not made yet.
#[derive(Clone)]
pub struct Host {
    who: Who,
    /// Who our programs believe to be.
    pub seen_as: Who,
    /// Done as root of the host's own user namespace.
    first: Vec<Step>,
    /// Done as who is there, before they begin.
    last: Vec<Step>,
    rules: Vec<Rule>,
    /// What a program of ours is run by, where it is not run at once; its path is then in "/".
    within: Vec<String>,
    /// Changed in the environment; without a value, not there.
    variables: Vec<(String, Option<String>)>,
}

impl Host {
    /// One on which somebody without privileges can do all that the kernel allows.
    pub fn ordinary() -> Self {
        let (first, last, rules) = (Vec::new(), Vec::new(), Vec::new());
        let (within, variables) = (Vec::new(), Vec::new());
        Self { who: Who::Ordinary, seen_as: Who::Ordinary, first, last, rules, within, variables }
    }

    /// One on which root of a user namespace can.
    pub fn root() -> Self {
        Self { who: Who::Root, seen_as: Who::Root, ..Self::ordinary() }
    }

    /// With this done to it, as by its root: mounts, above all.
    pub fn with(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.first.extend(steps);
        self
    }

    /// With this done as who is there, just before they begin: limits of their own, filters.
    pub fn lastly(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.last.extend(steps);
        self
    }

    /// With this rule.
    pub fn ruled(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Everything is run by this command, as this user, in a root that has our programs in its "/".
    pub fn within(self, words: impl IntoIterator<Item = String>, seen_as: Who) -> Self {
        Self { within: words.into_iter().collect(), seen_as, ..self }
    }

    /// With this variable in the environment, or without it.
    pub fn variable(mut self, name: &str, value: Option<&Path>) -> Self {
        self.variables.push((name.to_owned(), value.map(|path| path.display().to_string())));
        self
    }

    /// Makes the host, runs a program of ours there to its end, and unmakes it.
    pub fn run(&self, room: &Room, program: &str, arguments: &[&str]) -> Ran {
        let Some((by, words)) = self.within.split_first() else {
            return self.run_command(room.command(program, arguments));
        };
        let inside = if program.contains('/') { program.to_owned() } else { format!("/{program}") };
        let arguments = arguments.iter().map(|word| (*word).to_owned());
        let words = words.iter().cloned().chain([inside]).chain(arguments);
        self.run_command(room.command(by, words))
    }

    /// The same with any command.
    #[expect(unsafe_code, reason = "the steps are taken between fork and exec; none of them allocates")]
    pub fn run_command(&self, mut command: Command) -> Ran {
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut steps = self.steps();
        let warden = (!self.rules.is_empty()).then(|| {
            let (filter, warden) = Warden::with(self.rules.clone());
            steps.push(Step::Filter(filter));
            warden
        });
        let steps: Vec<Prepared> = steps.into_iter().map(Step::prepared).collect();
        // SAFETY: between fork and exec it makes system calls with what was prepared here, and allocates nothing.
        unsafe {
            command.pre_exec(move || {
                steps.iter().for_each(Prepared::take_or_end);
                Ok(())
            });
        }
        let ran = Running::start(command).end();
        if let Some(warden) = warden {
            warden.end();
        }
        assert_ne!(ran.status(), STUMBLED, "the host cannot be made: {}", ran.stderr());
        ran
    }

    fn steps(&self) -> Vec<Step> {
        let (user, group) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let mut steps = vec![Step::Unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)];
        steps.extend(mapped(0, user, group));
        steps.push(Step::private());
        steps.extend(self.first.iter().cloned());
        if self.who == Who::Ordinary {
            steps.push(Step::Unshare(CloneFlags::CLONE_NEWUSER));
            steps.extend(mapped(SOMEBODY, 0, 0));
        }
        steps.extend(self.last.iter().cloned());
        steps
    }
}

/// A user namespace in which one id stands for another.
fn mapped(inside: u32, user: u32, group: u32) -> [Step; 3] {
    [
        Step::write("/proc/self/setgroups", "deny"),
        Step::write("/proc/self/uid_map", format!("{inside} {user} 1")),
        Step::write("/proc/self/gid_map", format!("{inside} {group} 1")),
    ]
}

/// A filter as a last step.
pub fn filtered(filter: Filter) -> [Step; 1] {
    [Step::Filter(filter)]
}
