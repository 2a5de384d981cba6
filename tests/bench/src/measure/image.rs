//! The layer as an image, for peers that unpack nothing else: a directory in the form of the OCI image specification.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::contender::Contender;
use crate::peers::which;

/// A blob: what it is called, and how large it is.
struct Blob {
    digest: String,
    size: u64,
}

/// Writes an image of one layer. `plain` is the same layer as nothing has packed it: its name is the layer's true one.
pub(super) fn make(directory: &Path, archive: &Path, plain: &Path) -> Result<()> {
    let blobs = directory.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let digest = digest(archive)?;
    fs::hard_link(archive, blobs.join(&digest)).with_context(|| archive.display().to_string())?;
    let layer = Blob { digest, size: fs::metadata(archive)?.len() };
    let kind = if archive == plain { "tar" } else { "tar+gzip" };
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", self::digest(plain)?)] },
    });
    let config = write(&blobs, &config)?;
    let descriptor = |kind: &str, blob: &Blob| json!({ "mediaType": kind, "digest": format!("sha256:{}", blob.digest), "size": blob.size });
    let manifest = json!({
        "schemaVersion": 2,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor(&format!("application/vnd.oci.image.layer.v1.{kind}"), &layer)],
    });
    let mut described = descriptor("application/vnd.oci.image.manifest.v1+json", &write(&blobs, &manifest)?);
    described["annotations"] = json!({ "org.opencontainers.image.ref.name": "latest" });
    fs::write(directory.join("index.json"), json!({ "schemaVersion": 2, "manifests": [described] }).to_string())?;
    fs::write(directory.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())?;
    Ok(())
}

fn write(blobs: &Path, content: &Value) -> Result<Blob> {
    let text = content.to_string();
    let digest = hexadecimal(&Sha256::digest(&text));
    fs::write(blobs.join(&digest), &text)?;
    Ok(Blob { digest, size: text.len() as u64 })
}

fn digest(file: &Path) -> Result<String> {
    let mut sum = Sha256::new();
    std::io::copy(&mut File::open(file)?, &mut Writer(&mut sum))?;
    Ok(hexadecimal(&sum.finalize()))
}

/// What is copied into it is summed up.
struct Writer<'a>(&'a mut Sha256);

impl std::io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Those who are there: umoci unpacks into a directory, podman into its own store.
pub(super) fn contenders(image: &Path, out: &Path) -> Vec<Contender> {
    let tagged = format!("{}:latest", image.display());
    let at = |name: &str| out.join(name).display().to_string();
    let umoci = || {
        let all = ["umoci", "raw", "unpack", "--image", &tagged, &at("root")];
        let rootless = (!crate::user::User::Self_.is_root()).then_some("--rootless");
        Contender::new(
            "umoci",
            &all.iter().copied().take(3).chain(rootless).chain(all.into_iter().skip(3)).collect::<Vec<_>>(),
        )
    };
    let podman = || {
        let (store, run, source) = (at("store"), at("run"), format!("oci:{tagged}"));
        let words = ["podman", "--root", &store, "--runroot", &run, "--storage-driver=vfs", "pull", "--quiet", &source];
        Contender::new("podman pull", &words).with("HOME", out).with("XDG_RUNTIME_DIR", out)
    };
    [("umoci", &umoci as &dyn Fn() -> Contender), ("podman", &podman)]
        .into_iter()
        .filter(|(program, _)| which(program).is_some())
        .map(|(_, contender)| contender())
        .collect()
}

/// Where the image of an archive is made.
pub(super) fn beside(archive: &Path) -> PathBuf {
    archive.with_extension("image")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_blob_bears_the_name_of_its_content() {
        let home = tempfile::tempdir().unwrap();
        let (plain, image) = (home.path().join("layer.tar"), home.path().join("image"));
        fs::write(&plain, "not even an archive").unwrap();
        make(&image, &plain, &plain).unwrap();
        let blobs: Vec<_> = fs::read_dir(image.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(blobs.len(), 3);
        for blob in blobs {
            assert_eq!(blob.file_name().to_string_lossy(), digest(&blob.path()).unwrap());
        }
        let index: Value = serde_json::from_str(&fs::read_to_string(image.join("index.json")).unwrap()).unwrap();
        let manifest = index["manifests"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        assert!(image.join("blobs/sha256").join(manifest).is_file());
    }
}
