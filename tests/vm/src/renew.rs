//! `vm pin`: the newest kernels of the mirror, taken into kernels.json. Debian's signature says that they are Debian's.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use lzma_rust2::XzReader;
use sha2::{Digest, Sha256};

use super::image::hexadecimal;
use super::pins::{Pin, Pins};
use super::{http, progress};

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const INDEX: &str = "main/binary-amd64/Packages.xz";

/// Rewrites kernels.json.
pub(crate) fn renew() -> Result<u8> {
    let mut pins = Pins::read()?;
    let mirror = pins.mirror_here();
    for pin in &mut pins.kernels {
        let fresh = newest(&index(&mirror, &pin.suite)?, pin)?;
        let is_news = if fresh == *pin { "is still the newest" } else { "is newer" };
        progress::say(&format!("{}: Linux {} {is_news}", pin.name, fresh.release));
        *pin = fresh;
    }
    std::fs::write(Pins::path(), serde_json::to_string_pretty(&pins)? + "\n")?;
    Ok(0)
}

/// The list of packages, as its signed sum says that it should be.
fn index(mirror: &str, suite: &str) -> Result<String> {
    let get = |path: &str| -> Result<Vec<u8>> {
        let url = format!("{mirror}/dists/{suite}/{path}");
        let mut content = Vec::new();
        http::get(&url)?.with_context(|| format!("{url}: it is not there"))?.read_to_end(&mut content)?;
        Ok(content)
    };
    let release = verified(&get("InRelease")?)?;
    let packed = get(INDEX)?;
    let sum = hexadecimal(&Sha256::digest(&packed));
    let says = |line: &&str| line.split_whitespace().eq([&*sum, &packed.len().to_string(), INDEX]);
    ensure!(release.lines().find(says).is_some(), "{suite}/{INDEX} is not what its signed sum says; try again");
    let mut text = String::new();
    XzReader::new(&packed[..], true).read_to_string(&mut text)?;
    Ok(text)
}

/// What was signed.
fn verified(signed: &[u8]) -> Result<String> {
    let hint = "hint: this takes a Debian, with the packages gpgv and debian-archive-keyring";
    ensure!(Path::new(KEYS).exists(), "there is no {KEYS}\n{hint}");
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(signed)?;
    let mut command = Command::new("gpgv");
    command.args(["--keyring", KEYS, "--output", "-"]).arg(file.path());
    let output = command.output().context(hint).context("gpgv")?;
    if !output.status.success() {
        bail!("the mirror's list is not signed by Debian: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The newest kernel for clouds in it.
fn newest(index: &str, pin: &Pin) -> Result<Pin> {
    let kernels = index.split("\n\n").filter_map(|stanza| {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let release = field("Package")?.strip_prefix("linux-image-")?.to_owned();
        let is_kernel = release.ends_with("-cloud-amd64") && release.starts_with(|first: char| first.is_ascii_digit());
        is_kernel.then_some(())?;
        let (file, sha256) = (field("Filename")?.to_owned(), field("SHA256")?.to_owned());
        Some(Pin { release, file, sha256, size: field("Size")?.parse().ok()?, ..pin.clone() })
    });
    kernels.max_by_key(|pin| numbers(&pin.file)).with_context(|| format!("{} has no kernel", pin.suite))
}

/// 6.1.0-50 comes after 6.1.0-9.
fn numbers(text: &str) -> Vec<u64> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_is_taken_and_no_other_package() {
        let stanza = |package: &str, size: &str| {
            format!("Package: {package}\nFilename: pool/{package}.deb\nSize: {size}\nSHA256: ab\n")
        };
        let packages = [
            stanza("linux-image-6.1.0-9-cloud-amd64", "9"),
            stanza("linux-image-6.1.0-50-cloud-amd64", "50"),
            stanza("linux-image-6.1.0-60-amd64", "60"),
            stanza("linux-image-cloud-amd64", "1"),
            stanza("linux-image-6.1.0-70-cloud-amd64-dbg", "70"),
        ];
        let pin = Pins::read().unwrap().kernels[0].clone();
        let found = newest(&packages.join("\n"), &pin).unwrap();
        assert_eq!((found.release.as_str(), found.size), ("6.1.0-50-cloud-amd64", 50));
        assert_eq!(found.name, pin.name);
        assert!(newest("Package: bash\n", &pin).is_err());
    }
}
