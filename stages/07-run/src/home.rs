//! Where boxwright keeps its things: below BOXWRIGHT_HOME, or where such things belong.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use groundwork::Kernel;

use crate::bundle::Bundle;

/// `$BOXWRIGHT_HOME`; otherwise /var/lib/boxwright for root, and `$XDG_DATA_HOME/boxwright` for an ordinary user.
///
/// # Errors
/// No variable says where an ordinary user's data belong.
pub fn home() -> Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = variable("BOXWRIGHT_HOME") {
        ensure!(home.is_absolute(), "BOXWRIGHT_HOME is {}, which is not an absolute path", home.display());
        return Ok(home);
    }
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/boxwright"));
    }
    let data = variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    Ok(data
        .context("neither HOME nor BOXWRIGHT_HOME is set; set one, so that containers have a place")?
        .join("boxwright"))
}

/// The container of that name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<Bundle> {
    check_name(name)?;
    let bundle = Bundle::at(containers()?.join(name));
    if !bundle.exists() {
        bail!("there is no container named {name:?}; `boxwright ps --all` lists them");
    }
    Ok(bundle)
}

/// All containers, by name.
///
/// # Errors
/// The directory cannot be read.
pub fn all() -> Result<Vec<Bundle>> {
    let directory = containers()?;
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", directory.display()))?,
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths.into_iter().map(Bundle::at).collect())
}

/// Where the containers are.
///
/// # Errors
/// As for [`home`].
pub fn containers() -> Result<PathBuf> {
    Ok(home()?.join("containers"))
}

/// The same, made if need be, and the place beside it where each container that vanishes mounts its init layer.
///
/// # Errors
/// EACCES and the like.
pub fn make_containers(kernel: &Kernel) -> Result<PathBuf> {
    let containers = containers()?;
    let places = [containers.with_file_name("init"), containers.clone()];
    for place in places.iter().filter(|place| !kernel.is_rehearsing() && !place.is_dir()) {
        fs::create_dir_all(place)
            .with_context(|| format!("cannot make {}; BOXWRIGHT_HOME names another place", place.display()))?;
    }
    Ok(containers)
}

/// A name may become a directory, a cgroup and a host name.
///
/// # Errors
/// It may not.
pub fn check_name(name: &str) -> Result<()> {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let well_begun = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    ensure!(
        well_begun && name.len() <= 63 && name.chars().all(letters),
        "{name:?} cannot name a container; use up to 63 letters, digits, \"-\", \"_\" and \".\", and begin with a letter or digit"
    );
    Ok(())
}

/// A name that no container has.
///
/// # Errors
/// As for [`home`].
pub fn new_name() -> Result<String> {
    let containers = containers()?;
    loop {
        let mut bytes = [0; 3];
        std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
        let name = format!("box-{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2]);
        if !containers.join(&name).exists() {
            return Ok(name);
        }
    }
}
