//! A room for one judge: folders of its own, programs started in it, and a look around at the end.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::attribution::Attribution;
use super::audit::{Host, left_behind};
use super::filters;
use super::process::Process;
use super::programs::{program, target_directory};
use super::ran::{Ran, Running};
use super::rootfs::rootfs;

/// Where programs are looked for by those we start; ours need none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a process that was killed may take to be gone.
const GRACE: Duration = Duration::from_secs(5);

/// Rooms are open side by side, unless one has to be alone.
static OPEN: RwLock<()> = RwLock::new(());

/// One judge's room.
pub struct Room {
    judge: &'static str,
    _open: Open,
    attribution: Attribution,
    folder: PathBuf,
    before: Host,
}

#[expect(dead_code, reason = "held until the room is closed, and not looked at")]
enum Open {
    Beside(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Room {
    /// A new one, with the host as it is noted down.
    pub fn new(judge: &'static str) -> Self {
        Self::open(judge, Open::Beside(OPEN.read().unwrap_or_else(|failed| failed.into_inner())))
    }

    /// A new one with no other beside it: for judges that touch what cannot be attributed.
    pub fn alone(judge: &'static str) -> Self {
        Self::open(judge, Open::Alone(OPEN.write().unwrap_or_else(|failed| failed.into_inner())))
    }

    fn open(judge: &'static str, open: Open) -> Self {
        let attribution = Attribution::new();
        // On one file system with the root file system, so that a copy of that takes links and no room.
        let folder = target_directory().join("tmp").join(attribution.word());
        for name in ["home", "tmp", "boxes", "work"] {
            fs::create_dir_all(folder.join(name)).expect("there is a place for temporary files");
        }
        Self { judge, _open: open, attribution, folder, before: Host::now() }
    }

    /// A file of this room.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join("work").join(name)
    }

    /// A new folder in this room.
    pub fn folder(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a folder can be made in a room");
        path
    }

    /// A new file in this room.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made in a room");
        fs::write(&path, content).expect("a file can be written in a room");
        path
    }

    /// A root file system of this room's own, with `programs` of ours in its "/". The other files are links: to be replaced,
    /// not written to.
    pub fn root(&self, programs: &[&str]) -> PathBuf {
        let root = self.path("root");
        let copied = Command::new("cp").arg("-al").arg(rootfs()).arg(&root).output().expect("cp can be run");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        for name in programs {
            fs::copy(program(name), root.join(name)).expect("a program can be copied");
        }
        root
    }

    /// Where boxwright keeps the containers of this room.
    pub fn boxes(&self) -> PathBuf {
        self.folder.join("boxes")
    }

    /// A name for a container or a cgroup, which says whose it is.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.attribution.word())
    }

    /// Whose things in here are.
    pub fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// A program of ours, or, with a "/" in its name, any other: with an environment that is always the same.
    pub fn command<A: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(if name.contains('/') { Path::new(name) } else { program(name) });
        command.args(arguments).env_clear().current_dir(self.folder.join("work"));
        command.envs([("PATH", PATH), ("LC_ALL", "C"), ("BOXWRIGHT_JUDGE", self.attribution.word())]);
        command.envs(
            [("HOME", "home"), ("TMPDIR", "tmp"), ("BOXWRIGHT_HOME", "boxes")]
                .map(|(variable, folder)| (variable, self.folder.join(folder))),
        );
        command
    }

    /// Starts it.
    pub fn start<A: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = A>) -> Running {
        Running::start(self.command(name, arguments))
    }

    /// Runs it to its end, with nothing to read.
    pub fn run<A: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = A>) -> Ran {
        self.start(name, arguments).end()
    }

    /// Compares a transcript with `snapshots/NAME.snap`, with what differs from run to run written as fixed words.
    pub fn snapshot(&self, name: &str, transcript: &str) {
        filters::compare(name, transcript, &self.attribution);
    }

    /// Everything on the host that was not there before. A process may take this long to be gone.
    pub fn leaks(&self, grace: Duration) -> Vec<String> {
        let of_boxwright = ["records", "containers", "merged", "init"].map(|place| self.boxes().join(place));
        let folders: Vec<_> =
            ["tmp", "home"].map(|place| self.folder.join(place)).into_iter().chain(of_boxwright).collect();
        let left = left_behind(&self.attribution, &folders, grace);
        left.into_iter().chain(self.before.changes(&self.attribution)).collect()
    }

    /// Ends processes and takes cgroups and containers away that were left.
    pub fn clear(&self) {
        for Process(pid) in self.attribution.processes() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::Signal::SIGKILL);
        }
        let cgroups =
            super::audit::cgroups().into_iter().filter(|path| self.attribution.is_in(&path.to_string_lossy()));
        // Each is listed before those in it.
        cgroups.collect::<Vec<_>>().iter().rev().for_each(|path| drop(fs::remove_dir(path)));
        if !self.has_mounts() {
            for place in ["records", "containers"] {
                let _ = fs::remove_dir_all(self.boxes().join(place));
            }
        }
    }

    /// Removing a folder removes what is mounted in it too.
    fn has_mounts(&self) -> bool {
        self.attribution.is_in(&Process::with(std::process::id()).read("mountinfo"))
    }

    /// The same, and takes the folder away.
    fn tidy(&self) {
        self.clear();
        // Removing a folder removes what is mounted in it too: not before nothing is.
        let mounted = Process::with(std::process::id()).read("mountinfo");
        let mounted = mounted.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from);
        for target in mounted.filter(|target| target.starts_with(&self.folder)).collect::<Vec<_>>().into_iter().rev() {
            if nix::mount::umount2(&target, nix::mount::MntFlags::MNT_DETACH).is_err() {
                return;
            }
        }
        if fs::remove_dir_all(&self.folder).is_err() {
            let _ = Command::new("chmod").args(["-R", "u+rwX"]).arg(&self.folder).output();
            let _ = fs::remove_dir_all(&self.folder);
        }
        if self.folder.exists() {
            // What root of a user namespace has given away, only such a root can take back.
            let words = ["--sub-ids", "--", "rm", "-rf"];
            let _ = Command::new(program("unshare-user")).args(words).arg(&self.folder).output();
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let leaks = self.leaks(GRACE);
        self.tidy();
        if !leaks.is_empty() && std::thread::panicking() {
            eprintln!("{} also left behind:\n  {}", self.judge, leaks.join("\n  "));
        } else {
            assert!(leaks.is_empty(), "{} left behind:\n  {}", self.judge, leaks.join("\n  "));
        }
    }
}
