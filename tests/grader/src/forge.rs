//! Where programs are built for judging: a copy of the course, in which only the holes in question are somebody's.
//!
//! Whatever else a submission contains, its manifests and build scripts among it, is never looked at. The copy is kept, so
//! that cargo builds again only what one hole changes.

mod cargo;
mod compose;
mod sandboxed;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

use crate::course::{Course, files_below};
use crate::doctor::first_missing;
use crate::outcome::Missing;

pub use cargo::DoesNotCompile;
use cargo::{Request, Toolchain};
pub use compose::{is_open, only_this_exercise};

/// Files that differ from the course, by their path seen from its root.
pub type Sources = BTreeMap<PathBuf, String>;

/// The copy, its build folder, and the programs of the reference.
pub struct Forge {
    course: PathBuf,
    folder: PathBuf,
    /// Looked for when something is to be built: programs can be judged where there is none.
    toolchain: OnceLock<Toolchain>,
    helper: PathBuf,
}

/// What every copy has besides `stages/`.
const BESIDES: [&str; 2] = [LOCK, "rootfs-scripts"];
const LOCK: &str = "Cargo.lock";
/// What a sandbox is made of.
const OF_A_SANDBOX: [&str; 8] = [
    "user-namespaces",
    "mount-namespace",
    "pid-namespace",
    "net-namespace",
    "ipc-namespace",
    "uts-namespace",
    "cgroup-namespace",
    "proc-mount",
];
/// The programs of the course itself.
pub const REFERENCE: &str = "reference";
/// Beside the programs that were built, the scripts of labs.
pub const LABS: &str = "labs";

impl Forge {
    /// Opens the forge in this folder, which is made when it is not there. `helper` is the program `workshop`.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn open(course: &Course, folder: &Path, helper: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        Ok(Self { course: course.root.clone(), folder, toolchain: OnceLock::new(), helper: helper.to_owned() })
    }

    fn toolchain(&self) -> Result<&Toolchain> {
        if let Some(known) = self.toolchain.get() {
            return Ok(known);
        }
        let found = Toolchain::find()?;
        Ok(self.toolchain.get_or_init(|| found))
    }

    /// Nobody else builds here until it is dropped: another terminal may, in which somebody watches.
    fn lock(&self, tell: &dyn Fn(&str)) -> Result<Flock<File>> {
        let lock = File::create(self.folder.join("lock")).context("the forge cannot be locked")?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).or_else(|(lock, _)| {
            tell("somebody else is building here just now: waiting for them");
            Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno)
        });
        lock.context("the forge cannot be locked")
    }

    fn reference(&self) -> PathBuf {
        self.folder.join(REFERENCE)
    }

    /// Where the copy lies.
    pub fn copy(&self) -> PathBuf {
        self.folder.join("copy")
    }

    /// Builds these programs of these packages from the course with other `sources` in it, and puts them into the folder
    /// `into`, together with the scripts of the labs of `stage`. What was there before is gone.
    ///
    /// # Errors
    /// [`DoesNotCompile`], with what cargo says.
    pub fn build(&self, sources: &Sources, programs: &[(String, String)], stage: &str, into: &Path) -> Result<()> {
        let _lock = self.lock(&|_| {})?;
        self.lay_out(sources)?;
        let request = Request { workspace: &self.copy(), target: &self.target(), programs };
        let built = sandboxed::build(self.toolchain()?, &request, &self.folder, &self.helper, sandboxed::FOR_SOMEBODY)?;
        gather(&built, into)?;
        let labs = files_below(&self.copy().join("stages").join(stage).join("labs"));
        let named = |file: PathBuf| Some((file.file_name()?.to_string_lossy().into_owned(), file));
        gather(&labs.into_iter().filter_map(named).collect(), &into.join(LABS))
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Asks doctor, on the bare host, why no sandbox can be built here; nothing when doctor finds nothing either.
    ///
    /// # Errors
    /// doctor cannot be built.
    pub fn diagnose(&self, tell: &dyn Fn(&str)) -> Result<Option<Missing>> {
        let _lock = self.lock(tell)?;
        tell("no sandbox can be built here: asking doctor why");
        self.lay_out(&Sources::new())?;
        cargo::fetch(self.toolchain()?, &self.copy())?;
        let doctor = ("groundwork".to_owned(), "doctor".to_owned());
        let request = Request { workspace: &self.copy(), target: &self.target(), programs: &[doctor] };
        let built = cargo::build(self.toolchain()?, &request)?;
        let doctor = built.get("doctor").context("cargo has built no doctor")?;
        let output = Command::new(doctor).arg("--json").args(OF_A_SANDBOX).output().context("doctor cannot be run")?;
        Ok(first_missing(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Builds the programs of the reference when they are not the newest.
    ///
    /// # Errors
    /// The course itself does not compile.
    pub fn build_reference(&self, course: &Course, tell: &dyn Fn(&str)) -> Result<()> {
        let _lock = self.lock(tell)?;
        let digest = self.lay_out(&Sources::new())?;
        let stamp = self.reference().join(".complete");
        if fs::read_to_string(&stamp).is_ok_and(|last| last == digest) {
            return Ok(());
        }
        let _ = fs::remove_file(&stamp);
        tell("building the programs of the course, which takes a minute the first time");
        let of_stage = |stage: &crate::course::Stage| {
            let package = stage.package.clone();
            stage.programs.iter().map(move |program| (package.clone(), program.clone())).collect::<Vec<_>>()
        };
        let all: Vec<_> = course.stages.iter().flat_map(of_stage).collect();
        let request = Request { workspace: &self.copy(), target: &self.target(), programs: &all };
        cargo::fetch(self.toolchain()?, &self.copy())?;
        let built =
            sandboxed::build(self.toolchain()?, &request, &self.folder, &self.helper, sandboxed::FOR_THE_COURSE)
                .context("the course itself cannot be built")?;
        gather(&built, &self.reference())?;
        fs::write(stamp, digest).context("the forge cannot be written to")
    }

    /// Makes the copy what the course is, but for `sources`. Gives a word that stands for the course as it is now.
    fn lay_out(&self, sources: &Sources) -> Result<String> {
        let copy = self.copy();
        let mut wanted = self.of_the_course()?;
        let digest = digest(&wanted);
        // cargo writes the lock file of its copy anew: it is written only when the course has another one.
        let lock = wanted.remove(Path::new(LOCK)).unwrap_or_default();
        if write_if_other(&self.folder.join(LOCK), &lock)? || !copy.join(LOCK).exists() {
            write_if_other(&copy.join(LOCK), &lock)?;
        }
        wanted.extend(sources.iter().map(|(file, text)| (file.clone(), text.clone().into_bytes())));
        for file in files_below(&copy) {
            let name = file.strip_prefix(&copy).unwrap_or(&file);
            if !wanted.contains_key(name) && name != Path::new(LOCK) {
                fs::remove_file(&file).with_context(|| file.display().to_string())?;
            }
        }
        for (name, content) in &wanted {
            write_if_other(&copy.join(name), content)?;
        }
        Ok(digest)
    }

    fn of_the_course(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut found = BTreeMap::new();
        let manifest = fs::read_to_string(self.course.join("Cargo.toml")).context("the course has no Cargo.toml")?;
        found.insert(PathBuf::from("Cargo.toml"), only_stages(&manifest).into_bytes());
        let tops = BESIDES.iter().map(|name| self.course.join(name)).chain([self.course.join("stages")]);
        for file in tops.flat_map(|top| files_below(&top)) {
            let name = file.strip_prefix(&self.course).unwrap_or(&file).to_owned();
            if is_needed(&name) {
                let content = fs::read(&file).with_context(|| file.display().to_string())?;
                found.insert(name, content);
            }
        }
        Ok(found)
    }
}

/// Tests, sheets and mistakes are not part of any program.
pub(crate) fn is_needed(name: &Path) -> bool {
    let mut parts = name.components().skip(2).map(|part| part.as_os_str());
    parts.next().is_none_or(|part| !["tests", "mistakes", "benches", crate::course::SHEET].iter().any(|no| part == *no))
}

/// The manifest of a workspace that has the stages and nothing else in it. A paragraph that begins with these words is about
/// crates that no stage depends on, and cargo would warn of each.
pub(crate) fn only_stages(manifest: &str) -> String {
    const OF_THE_TOOLS: &str = "# Of the tools alone";
    let line = |line: &str| {
        if line.starts_with("members = ") {
            Some("members = [\"stages/*\"]\n".to_owned())
        } else if line.starts_with("exclude = ") {
            None
        } else {
            Some(format!("{line}\n"))
        }
    };
    let paragraphs = manifest.split("\n\n").filter(|paragraph| !paragraph.starts_with(OF_THE_TOOLS));
    let kept: Vec<String> = paragraphs.map(|paragraph| paragraph.lines().filter_map(line).collect()).collect();
    kept.join("\n")
}

fn digest(files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Leaves a file alone that is right already: cargo looks at the time of its last change. True when it was not.
pub(crate) fn write_if_other(file: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|now| now == content) {
        return Ok(false);
    }
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    fs::write(file, content).with_context(|| file.display().to_string())?;
    Ok(true)
}

/// Copies programs into a folder of their own: cargo overwrites what it has built.
fn gather(built: &BTreeMap<String, PathBuf>, folder: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, file) in built {
        fs::copy(file, folder.join(name)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
