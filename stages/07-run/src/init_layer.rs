//! The init layer of this container: what belongs to it and to no image. A commit leaves it out.

use std::fs;
use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;
use overlay::InitLayer;
use unshare::user::Maps;

use crate::spec::{Network, Spec};
use crate::who;

// ANCHOR: make
/// Fills the layer: places to mount on, and the three files that name the container and its network.
///
/// # Errors
/// ENOSPC and the like.
pub fn make(kernel: &Kernel, layer: &Path, spec: &Spec, maps: Option<&Maps>) -> Result<()> {
    if spec.ephemeral {
        kernel
            .because("nobody will look at this layer afterwards: it lives in memory, and goes with the last mount")
            .mount(
            Some("tmpfs".as_ref()),
            layer,
            Some("tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            Some("mode=755"),
        )?;
    }
    let volumes = spec.volumes.iter().map(|volume| (volume.target.clone(), volume.source.is_dir()));
    let memory = spec.tmpfs.iter().map(|target| (target.clone(), true));
    let own = InitLayer {
        hostname: spec.hostname.clone(),
        resolv_conf: resolv_conf(spec),
        places: volumes.chain(memory).collect(),
        rootless: maps.is_some_and(|maps| !who::may_set_groups(maps)),
        is_mounted: spec.ephemeral,
    };
    let mask = kernel.because("directories shall look as they do in the image").umask(0)?;
    own.make(kernel, layer, &spec.layers)?;
    kernel.because("for every other file it stays as it was").umask(mask).map(drop)
}
// ANCHOR_END: make

fn resolv_conf(spec: &Spec) -> String {
    match spec.network {
        Network::Host => fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        Network::None => "# no network: nobody to ask\n".to_owned(),
    }
}
