//! Where a chapter is typed, and by whom: an ordinary user with a home, a clone in it, and a place for temporary files;
//! and root beside them, where the tests run as root.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Gid, Uid, User, geteuid};
use serde::Deserialize;
use tempfile::TempDir;

use super::clone;
use crate::place::Place;

/// A folder of its own for one chapter, and the people in it.
#[derive(Debug)]
pub struct Stand {
    /// Removed at the end.
    pub folder: TempDir,
    /// The files that the clone had at the beginning.
    pub files: Vec<PathBuf>,
}

/// Who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Anybody.
    Ordinary,
    /// Root.
    Root,
}

/// What a host can do, as doctor says it.
#[derive(Clone, Debug, Default)]
pub struct Needs(BTreeMap<String, Option<String>>);

impl Needs {
    /// Why a need is not met, and what would help; nothing when it is.
    ///
    /// # Errors
    /// There is no such need.
    pub fn missing(&self, need: &str) -> Result<Option<&str>> {
        let found = self.0.get(&kebab(need)).with_context(|| format!("doctor knows no {need}"))?;
        Ok(found.as_deref())
    }
}

impl Stand {
    /// Makes the folder.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn make(place: &Place, built: &Path) -> Result<Self> {
        let (base, name) = (place.target.join("tmp"), tempfile::Builder::new().prefix("book-").clone());
        // Beside the programs they need not be copied; but whoever types must be able to go there.
        let beside = std::fs::create_dir_all(&base).ok().filter(|()| is_open(&base)).map(|()| name.tempdir_in(&base));
        let folder =
            beside.and_then(Result::ok).map_or_else(|| name.tempdir(), Ok).context("a folder for a session")?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let mut stand = Self { folder, files: Vec::new() };
        for part in [stand.home(), stand.tmp(), stand.of_root(), stand.tmp_of_root()] {
            std::fs::create_dir_all(part)?;
        }
        stand.files = clone::make(place, built, &stand.clone_folder())?;
        if geteuid().is_root() {
            stand.give()?;
        }
        Ok(stand)
    }

    /// The clone of the repository, in which a session begins.
    pub fn clone_folder(&self) -> PathBuf {
        self.home().join("boxwright")
    }

    /// The home of the ordinary user.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Where the ordinary user's temporary files are made.
    pub fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The home of root.
    pub fn of_root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Where root's temporary files are made.
    pub fn tmp_of_root(&self) -> PathBuf {
        self.folder.path().join("tmp-root")
    }

    /// What root's boxwright keeps.
    pub fn store_of_root(&self) -> PathBuf {
        self.folder.path().join("var")
    }

    /// A program, in the hands of this person and in the clone.
    pub fn command(&self, who: Who, program: &str) -> Command {
        let clone = self.clone_folder();
        let path =
            format!("{}/target/debug:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", clone.display());
        let mut command = Command::new(program);
        command.current_dir(&clone).env_clear().env("PATH", path).env("LANG", "C.UTF-8").env("TERM", "dumb");
        match who {
            Who::Root => command.env("HOME", self.of_root()).env("TMPDIR", self.tmp_of_root()),
            Who::Ordinary => command.env("HOME", self.home()).env("TMPDIR", self.tmp()),
        };
        match (who, ordinary()) {
            (Who::Root, _) => command.env("BOXWRIGHT_HOME", self.store_of_root()).env("USER", "root"),
            (Who::Ordinary, user) => command.env("USER", &user.name).env("LOGNAME", &user.name),
        };
        if who == Who::Ordinary && geteuid().is_root() {
            let user = ordinary();
            // Without supplementary groups: std drops them together with root.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// What this person can do here.
    ///
    /// # Errors
    /// doctor does not answer.
    pub fn needs(&self, who: Who) -> Result<Needs> {
        #[derive(Deserialize)]
        struct Report {
            needs: Vec<Finding>,
        }
        #[derive(Deserialize)]
        struct Finding {
            need: String,
            verdict: String,
            #[serde(default)]
            why: String,
            #[serde(default)]
            remedy: String,
        }
        let doctor = self.command(who, "doctor").arg("--json").stdin(Stdio::null()).output().context("doctor")?;
        ensure!(!doctor.stdout.is_empty(), "doctor: {}", String::from_utf8_lossy(&doctor.stderr));
        let report: Report = serde_json::from_slice(&doctor.stdout).context("doctor --json")?;
        let need = |Finding { need, verdict, why, remedy }: Finding| {
            (need, (verdict == "blocked").then(|| format!("{why}; {remedy}")))
        };
        Ok(Needs(report.needs.into_iter().map(need).collect()))
    }

    /// Gives the user their part of it.
    fn give(&self) -> Result<()> {
        let user = ordinary();
        let clone = self.clone_folder();
        let own = |path: &Path| chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        for path in [self.home(), self.tmp(), clone.clone(), clone.join("target"), clone.join("target/debug")] {
            own(&path)?;
        }
        for file in &self.files {
            let path = clone.join(file);
            for above in path.ancestors().skip(1).take_while(|above| *above != clone) {
                own(above)?;
            }
            std::os::unix::fs::lchown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        Ok(())
    }
}

/// An ordinary user of this host: oneself, or for root the first who was granted sub-ids, or the first at all. A host that
/// has none lends the number that the first one would get, for `nobody` is a word that programs say of somebody else.
pub fn ordinary() -> User {
    let me = geteuid();
    let own = || User::from_uid(me).ok().flatten().unwrap_or_else(|| unnamed(me));
    if !me.is_root() {
        return own();
    }
    let named_in = |file: &str| {
        let lines = std::fs::read_to_string(file).unwrap_or_default();
        let names: Vec<_> = lines.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
        names.into_iter().filter_map(|name| User::from_name(&name).ok().flatten())
    };
    let granted = named_in("/etc/subuid").find(|user| !user.uid.is_root());
    let first = || named_in("/etc/passwd").find(|user| ORDINARY.contains(&user.uid.as_raw()));
    granted.or_else(first).unwrap_or_else(|| unnamed(Uid::from_raw(ORDINARY.start)))
}

/// The numbers that people get, see login.defs(5): those below belong to the system, and 65534 to nobody.
pub const ORDINARY: std::ops::Range<u32> = 1000..65534;

fn unnamed(uid: Uid) -> User {
    let name = uid.to_string();
    User {
        name,
        passwd: c"".to_owned(),
        uid,
        gid: Gid::from_raw(uid.as_raw()),
        gecos: c"".to_owned(),
        dir: PathBuf::from("/"),
        shell: PathBuf::from("/bin/sh"),
    }
}

/// True when everybody may pass through all folders up to this one.
fn is_open(folder: &Path) -> bool {
    let passes = |path: &Path| path.metadata().is_ok_and(|it| it.permissions().mode() & 0o001 != 0);
    !geteuid().is_root() || folder.ancestors().all(passes)
}

/// As doctor writes a need: `time-namespace`.
pub fn kebab(need: &str) -> String {
    let mut name = String::new();
    for letter in need.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
