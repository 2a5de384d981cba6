//! A host made for one judging: what runs in it sees the programs of the real one, read-only, and nothing else of it.
//!
//! Learners' programs mount, rename, kill and fill, and sometimes not what they meant to. In here they have mounts,
//! processes, IPC objects, a host name, a network and cgroups of their own, and walls around memory, time and the number
//! of processes. For somebody who is not root, a user namespace gives the right to that; whoever runs in it has no rights
//! but their own, and can make another one.

mod agent;
mod audit;
mod cgroups;
mod ids;
mod inside;
mod interface;
mod limits;
mod plan;
mod ran;
mod real;
mod rooms;
mod running;
mod start;
mod watch;

use std::fs;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use nix::sys::socket::{ControlMessage, MsgFlags, recv, send, sendmsg};

use crate::process::Process;
use cgroups::Cgroups;
use inside::{ALONE, GO, READY};
use plan::{Plan, Request, Role};
use real::Real;
use watch::Watch;

pub use audit::{Audit, Leak};
pub(crate) use inside::line;
pub use limits::Walls;
pub use plan::INSIDE;
pub use ran::{End, Ran};
pub use running::Running;
pub use start::{Start, Who};

/// What a sandbox is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program `workshop`, which becomes the inside.
    pub helper: PathBuf,
    /// An empty folder, which stays empty.
    pub base: PathBuf,
    /// Folders of the host, and where they are shown, read-only.
    pub shown: Vec<(PathBuf, PathBuf)>,
    /// Folders of the host that can be written to, by the same path.
    pub writable: Vec<PathBuf>,
    /// A word that no other sandbox has.
    pub word: String,
    /// True for one with every cgroup controller that there is; otherwise only with those that hold its own walls.
    pub all_controllers: bool,
    /// The walls around it.
    pub walls: Walls,
}

/// The user without rights that root's programs can be run as: an id that no host gives to anybody.
const NOBODY_IN_PARTICULAR: u32 = 64_000;
/// The same where no other id can be had, in a user namespace of its own.
const SOMEBODY: u32 = 1000;

/// One that stands.
pub struct Sandbox {
    child: Child,
    line: OwnedFd,
    first: Process,
    has_others: bool,
    walls: Walls,
    cgroups: Cgroups,
    watch: Arc<Watch>,
    real: Real,
}

impl Sandbox {
    /// Builds one.
    ///
    /// # Errors
    /// What the kernel refuses; doctor knows why.
    pub fn open(settings: &Settings) -> Result<Self> {
        crate::reach::use_helper(&settings.helper);
        let (line, theirs) = line()?;
        let real = Real::now(settings.base.clone());
        let own_ids = !ids::may_do_anything();
        let mut cgroups = Cgroups::make(&settings.word, settings.all_controllers, &settings.walls);
        let plan = Plan {
            base: settings.base.clone(),
            shown: settings.shown.clone(),
            writable: settings.writable.clone(),
            hostname: format!("host-{}", settings.word),
            own_ids,
            cgroups: cgroups.mounts(own_ids),
            cleared: cgroups.outer(),
            disk: settings.walls.disk,
        };
        fs::create_dir_all(&plan.base).with_context(|| plan.base.display().to_string())?;
        let mut child = Command::new(&settings.helper)
            .args([INSIDE, &serde_json::to_string(&plan).context("a plan can be written")?])
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| settings.helper.display().to_string())?;
        let made = set_up(&line, own_ids, &mut cgroups);
        let (first, has_others) = match made {
            Ok(made) => made,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                cgroups.remove();
                return Err(error.context("the sandbox cannot be built"));
            }
        };
        let watch = Watch::over(first, settings.walls);
        Ok(Self { child, line, first, has_others, walls: settings.walls, cgroups, watch, real })
    }

    /// The first process inside, as the host numbers it: whatever it has is the sandbox's own.
    pub fn first(&self) -> Process {
        self.first
    }

    /// Everything that runs inside, but for PID 1.
    pub fn processes(&self) -> Vec<Process> {
        self.first.descendants()
    }

    fn role(&self, who: Who) -> Role {
        let me = nix::unistd::geteuid();
        match who {
            Who::Root if me.is_root() => Role::Stay,
            Who::Root if self.has_others => Role::Become(0),
            Who::Root => Role::Stay,
            Who::Ordinary if me.is_root() && self.has_others => Role::Become(NOBODY_IN_PARTICULAR),
            Who::Grader if !me.is_root() && self.has_others => Role::Become(me.as_raw()),
            Who::Grader => Role::Stay,
            Who::Ordinary if self.has_others => Role::Become(me.as_raw()),
            Who::Ordinary => Role::Nested(SOMEBODY),
        }
    }

    /// Where its cgroups are on the host, one folder a hierarchy.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        self.cgroups.folders()
    }

    /// Why nothing runs in here any more, once a wall was met that all share.
    pub fn ended_because(&self) -> Option<String> {
        self.watch.why()
    }

    /// Starts a program.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn start(&self, start: &Start<'_>) -> Result<Running<'_>> {
        let role = self.role(start.who);
        let request = Request {
            arguments: start
                .gate
                .iter()
                .map(|word| (*word).to_owned())
                .chain(start.arguments.iter().cloned())
                .collect(),
            environment: start.environment.to_vec(),
            directory: start.directory.to_owned(),
            role,
            limits: self.walls.of_one_process(),
        };
        let (running, ends) = Running::with_pipes(self, start)?;
        let numbers = ends.each_ref().map(AsRawFd::as_raw_fd);
        let request = serde_json::to_vec(&request).context("a request can be written")?;
        let rights = [ControlMessage::ScmRights(&numbers)];
        sendmsg::<()>(self.line.as_raw_fd(), &[IoSlice::new(&request)], &rights, MsgFlags::MSG_NOSIGNAL, None)
            .context(self.ended_because().unwrap_or_else(|| "the sandbox is gone".to_owned()))?;
        Ok(running)
    }

    /// Ends it, with everybody in it. Gives what it has changed on the real host, which is nothing.
    pub fn close(mut self) -> Vec<Leak> {
        let cgroups = self.cgroups.outer();
        self.end();
        self.real.leaks(&cgroups)
    }

    fn end(&mut self) {
        self.watch.stop();
        // PID 1 sees the end of the line and ends; the kernel ends everybody else.
        let _ = nix::sys::socket::shutdown(self.line.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        self.first.kill();
        let _ = self.child.wait();
        self.cgroups.remove();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}

fn set_up(line: &OwnedFd, own_ids: bool, cgroups: &mut Cgroups) -> Result<(Process, bool)> {
    let said = hear(line)?;
    let Some(helper) = said.strip_prefix(ALONE).and_then(|pid| pid.parse().ok()) else { bail!("{said}") };
    let has_others = if own_ids { ids::map(helper)? } else { ids::is_mapped(NOBODY_IN_PARTICULAR) };
    cgroups.add(helper);
    send(line.as_raw_fd(), GO.as_bytes(), MsgFlags::MSG_NOSIGNAL).context("the helper is gone")?;
    let said = hear(line)?;
    anyhow::ensure!(said == READY, "{said}");
    let first = Process(helper).children().first().copied().context("the helper has no child")?;
    cgroups.set_aside(helper).context("the helper's own cgroup")?;
    Ok((first, has_others))
}

/// What the helper says; when it has gone wrong, why.
fn hear(line: &OwnedFd) -> Result<String> {
    let mut bytes = vec![0; 4096];
    let count = recv(line.as_raw_fd(), &mut bytes, MsgFlags::empty()).context("the helper is gone")?;
    anyhow::ensure!(count > 0, "the helper ended at once");
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

/// Becomes the inside of a sandbox, when that is what this program was started for. For the very beginning of `main`.
pub fn become_inside_if_asked() -> Option<i32> {
    let mut arguments = std::env::args();
    if arguments.nth(1)? != INSIDE {
        return None;
    }
    let plan: Plan = serde_json::from_str(&arguments.next()?).ok()?;
    Some(inside::become_sandbox(&plan))
}
