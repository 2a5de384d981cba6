//! Where boxwright keeps its things: below BOXWRIGHT_HOME, or where such things belong.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use groundwork::Kernel;
use rustix::rand::GetRandomFlags;

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
    let bundle = Bundle::at(&home()?, name);
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
    let home = home()?;
    let records = home.join("records");
    let entries = match fs::read_dir(&records) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", records.display()))?,
    };
    let mut names: Vec<_> =
        entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<std::io::Result<_>>()?;
    names.sort();
    Ok(names.iter().map(|name| Bundle::at(&home, &name.to_string_lossy())).collect())
}

/// The home, with all its places, which [`Bundle`] explains.
///
/// # Errors
/// EACCES and the like.
pub fn prepare(kernel: &Kernel) -> Result<PathBuf> {
    let home = home()?;
    let places = ["records", "containers", "merged", "init"].map(|place| home.join(place));
    for place in places.iter().filter(|place| !kernel.is_rehearsing() && !place.is_dir()) {
        fs::create_dir_all(place)
            .with_context(|| format!("cannot make {}; BOXWRIGHT_HOME names another place", place.display()))?;
    }
    Ok(home)
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
    let home = home()?;
    loop {
        let mut bytes = [0; 3];
        rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())?;
        let [a, b, c] = bytes;
        let name = format!("box-{a:02x}{b:02x}{c:02x}");
        if !Bundle::at(&home, &name).exists() {
            return Ok(name);
        }
    }
}
