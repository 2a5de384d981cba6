//! Where roots and containers lie: a place to write to, and to run programs from.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Here, Host};
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch;
use crate::preflight::throwaway::in_child;
use crate::preflight::trouble::{During, FULL, Tried, Trouble};

const RUNNING: &str = "running a program";

/// Where containers will lie, and where people put a root to try something.
pub(super) fn usable() -> Tried {
    let Some(home) = home() else {
        let why = "neither BOXWRIGHT_HOME nor HOME says where containers should lie";
        return Err(Cause::new(Kind::FileSystem, why, "set BOXWRIGHT_HOME to a directory of yours").into());
    };
    let home = existing(&home);
    let temporary = std::env::temp_dir();
    let elsewhere = "set BOXWRIGHT_HOME to a directory elsewhere";
    match (trial_in(home), trial_in(&temporary)) {
        (Err(trouble), _) if trouble.is_about(RUNNING) => limited(home, &trouble, elsewhere),
        (Err(trouble), _) => Err(cause(home, &trouble, elsewhere).into()),
        (Ok(()), Err(trouble)) => limited(&temporary, &trouble, "name another directory for roots, or set TMPDIR"),
        (Ok(()), Ok(())) => Ok(Verdict::works()),
    }
}

fn limited(place: &Path, trouble: &Trouble, remedy: &str) -> Tried {
    let what = if trouble.is_about(RUNNING) { "no program of a root can be run" } else { "nothing can be made" };
    Ok(Verdict::Limited { what: format!("{what} in {}", place.display()), cause: cause(place, trouble, remedy) })
}

/// Writes a program, and runs it.
fn trial_in(place: &Path) -> Result<(), Trouble> {
    let trial = Trial::in_place(place).during("making a directory")?;
    let program = trial.path.join("program");
    fs::write(&program, "#!/bin/sh\n").during("writing a file")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).during("chmod")?;
    let status = Command::new(&program).status();
    // Who has no /bin/sh, or no room for another process, is told so by others.
    match status.during(RUNNING) {
        Err(trouble) if trouble.is(&[Errno::EACCES, Errno::EPERM]) => Err(trouble),
        _ => Ok(()),
    }
}

fn cause(place: &Path, trouble: &Trouble, remedy: &str) -> Cause {
    let mount = (&Here as &dyn Host).mount_under(place).map(|mount| mount.target);
    let place = place.display();
    let there = match mount.filter(|target| *target != Path::new(&place.to_string())) {
        Some(target) => format!("{place} lies on {}, which", target.display()),
        None => place.to_string(),
    };
    let of_disk = |why: String, remedy: String| Cause::new(Kind::FileSystem, why, remedy);
    if trouble.is(&[Errno::EROFS]) {
        of_disk(format!("{there} is mounted read-only"), remedy.to_owned())
    } else if trouble.is(&FULL) {
        let room = format!("make room there (`df -h` and `df -i`), or {remedy}");
        of_disk(format!("{there} is full, or has no inodes left"), room)
    } else if trouble.is_about(RUNNING) {
        of_disk(format!("{there} is mounted noexec"), remedy.to_owned())
    } else if trouble.is(&[Errno::ENOENT]) {
        of_disk(format!("there is no {place}"), remedy.to_owned())
    } else {
        of_disk(format!("this user may not write to {place}"), remedy.to_owned())
    }
}

/// A directory made for a trial; gone when this is.
pub(super) struct Trial {
    pub(super) path: PathBuf,
}

impl Trial {
    /// Where containers will lie; none where nothing can be written.
    pub(super) fn at_home() -> Option<Self> {
        Self::in_place(existing(&home()?)).ok()
    }

    fn in_place(place: &Path) -> std::io::Result<Self> {
        let path = place.join(format!(".{}", scratch::name()));
        fs::create_dir(&path).map(|()| Self { path })
    }

    /// The directory in which it was made.
    pub(super) fn place(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // overlayfs leaves directories that nobody may look into but root, if only root of a user namespace.
        if fs::remove_dir_all(&self.path).is_err() {
            let _ = in_child(|| {
                become_able(Capability::SysAdmin)?;
                fs::remove_dir_all(&self.path).during("removing what the trial wrote").map(|()| Verdict::works())
            });
        }
    }
}

/// The directory, or the one above it that is there.
fn existing(directory: &Path) -> &Path {
    directory.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"))
}

/// Where boxwright keeps containers: see stage 07.
fn home() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_user = || variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    let of_root = || nix::unistd::geteuid().is_root().then(|| PathBuf::from("/var/lib"));
    variable("BOXWRIGHT_HOME").or_else(of_root).or_else(of_user)
}
