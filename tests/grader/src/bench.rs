//! Where a judge puts a learner's programs to the test: starts them in a sandbox, and looks at them from outside.

mod arrival;
mod birth;
mod call;

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::checks::Judged;
use crate::peek::{self, Names};
use crate::process::Process;
use crate::sandbox::{Audit, Leak, Ran, Running, Sandbox, Settings, Walls, Who};

pub use call::Call;

/// Inside, the programs under judgement, those of the reference, the scripts of labs, and a root file system to copy.
const JUDGED: &str = "/workshop/judged";
const REFERENCE: &str = "/workshop/reference";
const LABS: &str = "/workshop/labs";
const ROOTFS: &str = "/workshop/rootfs";
/// Where programs are looked for inside.
pub(crate) const PATH: &str =
    "/workshop/judged:/workshop/reference:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a bench is made of.
#[derive(Clone, Debug)]
pub struct Kit {
    /// The program `workshop`, for the inside of the sandbox.
    pub helper: PathBuf,
    /// The folder of the programs under judgement.
    pub judged: PathBuf,
    /// The folder of the reference's programs.
    pub reference: PathBuf,
    /// The folder of the scripts under judgement.
    pub labs: PathBuf,
    /// A root file system.
    pub rootfs: PathBuf,
    /// An empty folder.
    pub base: PathBuf,
    /// True when the programs are about cgroups.
    pub all_controllers: bool,
    /// The walls around them.
    pub walls: Walls,
}

/// A sandbox, and the programs in it.
pub struct Bench {
    kit: Kit,
    sandbox: Sandbox,
    word: String,
    before: RefCell<Audit>,
    /// What judges have changed themselves.
    prepared: RefCell<Vec<Leak>>,
}

impl Bench {
    /// Puts one up.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn open(kit: Kit) -> Result<Self> {
        let word = random_word()?;
        let places = [(&kit.judged, JUDGED), (&kit.reference, REFERENCE), (&kit.labs, LABS), (&kit.rootfs, ROOTFS)];
        let there = places.into_iter().filter(|(from, _)| from.is_dir());
        let settings = Settings {
            helper: kit.helper.clone(),
            base: kit.base.clone(),
            shown: there.map(|(from, to)| (from.clone(), PathBuf::from(to))).collect(),
            writable: Vec::new(),
            word: word.clone(),
            all_controllers: kit.all_controllers,
            walls: kit.walls,
        };
        let sandbox = Sandbox::open(&settings)?;
        let before = RefCell::new(Audit::of(&sandbox, &kit.helper));
        Ok(Self { kit, sandbox, word, before, prepared: RefCell::default() })
    }

    /// A word that no other run has, and that begins like this: what nobody can know cannot be printed in advance.
    pub fn nonce(&self, stem: &str) -> String {
        let word = random_word().unwrap_or_else(|_| self.word.clone());
        format!("{stem}-{word}")
    }

    /// The path inside of a program: the learner's when it is under judgement, otherwise the reference's.
    pub fn program(&self, name: &str) -> String {
        let folder = if self.kit.judged.join(name).exists() { JUDGED } else { REFERENCE };
        format!("{folder}/{name}")
    }

    /// The path inside of a program of the reference, whatever is under judgement.
    pub fn reference(&self, name: &str) -> String {
        format!("{REFERENCE}/{name}")
    }

    /// The path inside of a script of a lab.
    pub fn lab(&self, name: &str) -> String {
        format!("{LABS}/{name}")
    }

    /// A call of a program, to be changed before it is made. A name with a "/" in it is a path inside.
    pub fn call<A: Into<String>>(&self, program: &str, arguments: impl IntoIterator<Item = A>) -> Call<'_> {
        let program = if program.contains('/') { program.to_owned() } else { self.program(program) };
        Call::new(self, program, arguments.into_iter().map(Into::into).collect())
    }

    /// Runs a program to its end, as an ordinary user, with nothing to read.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn run<A: Into<String>>(&self, program: &str, arguments: impl IntoIterator<Item = A>) -> Judged<Ran> {
        self.call(program, arguments).run()
    }

    /// Starts a program, as an ordinary user.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn start<A: Into<String>>(&self, program: &str, arguments: impl IntoIterator<Item = A>) -> Judged<Running<'_>> {
        self.call(program, arguments).start()
    }

    /// Runs a script of our own, to prepare something or to look at it.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn shell(&self, who: Who, script: &str) -> Judged<Ran> {
        self.call("/bin/sh", ["-c", script]).who(who).run()
    }

    /// Runs a script of our own, as root, that changes the host: what it has changed is nobody's leak, should the judge go no
    /// further.
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn prepare(&self, script: &str) -> Judged<Ran> {
        let before = Audit::of(&self.sandbox, &self.kit.helper);
        let ran = self.shell(Who::Root, script)?;
        let changed = before.leaks(&self.sandbox, &self.kit.helper);
        self.prepared.borrow_mut().extend(changed);
        Ok(ran)
    }

    /// The host as programs in here see it: the first process of the sandbox, which has its namespaces, its root, its cgroup.
    pub fn host(&self) -> Process {
        self.sandbox.first()
    }

    /// Everybody who runs in here.
    pub fn processes(&self) -> Vec<Process> {
        self.sandbox.processes()
    }

    /// What the host is called at this moment, and what else its namespaces hold that has no file.
    pub fn names(&self) -> Names {
        self.names_of(self.host()).unwrap_or_default()
    }

    /// The same for a process: its host name, its domain name, its System V objects. Nothing when it is gone.
    pub fn names_of(&self, process: Process) -> Option<Names> {
        peek::names(&self.kit.helper, process)
    }

    /// What a program of the real host says in some namespaces of a process, such as `ip -o address` in its `net`.
    ///
    /// # Errors
    /// The process is gone.
    pub fn look(&self, process: Process, kinds: &[&str], command: &[&str]) -> Result<String> {
        peek::run(&self.kit.helper, process, kinds, command)
    }

    /// The folders of the real host that are "/" of the cgroup hierarchies in here.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        self.sandbox.cgroups()
    }

    /// A file inside, with folders on the way; what can be written to in here is /work, /tmp, /home/learner, /mnt, /var, /run.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn file(&self, path: &str, content: &str) -> Result<()> {
        let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
        let script = "mkdir -p \"$1\" && cat > \"$2\"";
        let folder = folder.display().to_string();
        let call = self.call("/bin/sh", ["-c", script, "sh", folder.as_str(), path]);
        let ran = call.who(Who::Ordinary).with_input(content).run();
        let ran = ran.map_err(|stop| anyhow::anyhow!("{stop:?}"))?;
        anyhow::ensure!(ran.went_well(), "{path}: {}", ran.in_words());
        Ok(())
    }

    /// A root file system of this host's own programs that may be changed: the path inside of a fresh copy, which belongs to
    /// `who`.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn root(&self, who: Who) -> Result<String> {
        let path = format!("/work/{}", self.nonce("root"));
        let ran = self.shell(who, &format!("cp -a --no-preserve=ownership {ROOTFS} {path}"));
        let ran = ran.map_err(|stop| anyhow::anyhow!("{stop:?}"))?;
        anyhow::ensure!(ran.went_well(), "cp: {}", ran.in_words());
        Ok(path)
    }

    /// A root file system that is only read: its path inside.
    pub fn shared_root(&self) -> &'static str {
        ROOTFS
    }

    /// What was left behind, or changed, since the last look. Everything that was started must have ended.
    pub fn leaks(&self) -> Vec<Leak> {
        let before = self.before.borrow().clone();
        let mut leaks = before.leaks(&self.sandbox, &self.kit.helper);
        let prepared = self.prepared.take();
        leaks.retain(|leak| !prepared.contains(leak));
        *self.before.borrow_mut() = Audit::of(&self.sandbox, &self.kit.helper);
        leaks
    }

    /// Takes it down. Gives what it has changed on the real host, which is nothing.
    pub fn close(self) -> Vec<Leak> {
        self.sandbox.close()
    }

    /// Why nothing runs in here any more, if that is so.
    pub fn ended_because(&self) -> Option<String> {
        self.sandbox.ended_because()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// Eight letters that nobody has seen before.
pub(crate) fn random_word() -> Result<String> {
    let mut bytes = [0; 4];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("/dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
