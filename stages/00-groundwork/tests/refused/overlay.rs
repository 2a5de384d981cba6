//! Overlays that do not come about.

use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use groundwork::preflight::{Need, check};
use nix::mount::MsFlags;

use crate::{Case, Skipped, directories, file, tmpfs};

pub(crate) const CASES: &[Case] = &[
    ("an_overlay_of_what_is_not_there", "there is no /tmp/none", |kernel| {
        overlay(kernel, "lowerdir=/tmp/lower:/tmp/none")
    }),
    ("an_overlay_of_a_file", "is a file, and a layer is a directory", |kernel| {
        file("file", "", 0o644)?;
        overlay(kernel, "lowerdir=/tmp/lower:/tmp/file")
    }),
    ("an_overlay_of_one_layer", "needs two lower ones", |kernel| overlay(kernel, "lowerdir=/tmp/lower")),
    ("an_overlay_without_work", "upperdir needs a workdir", |kernel| {
        overlay(kernel, "lowerdir=/tmp/lower,upperdir=/tmp/upper")
    }),
    ("an_overlay_with_work_inside_upper", "one in the other", |kernel| {
        overlay(kernel, "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/upper/work")
    }),
    ("an_overlay_with_work_elsewhere", "lie on two mounts", |kernel| {
        tmpfs_at_other(kernel)?;
        overlay(kernel, "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/other")
    }),
    ("an_overlay_of_more_than_a_page", "cuts options off after one page", |kernel| {
        let names: Vec<_> = (100..500).map(|number| format!("layer-{number}")).collect();
        names.iter().try_for_each(|name| directories(&[name]))?;
        overlay(kernel, &format!("lowerdir=/tmp/{}", names.join(":/tmp/")))
    }),
    ("an_upper_layer_on_an_overlay", "lies on overlay, which cannot carry an upper layer", on_an_overlay),
    ("a_layer_named_twice", "named twice", |kernel| {
        let layer = Path::new("/tmp/lower");
        let context = by_new_mount_api(kernel, &[("lowerdir+", layer), ("lowerdir+", layer)])?;
        kernel.because("part of a case").fsconfig_create(context.as_fd())
    }),
    ("a_layer_too_many", "at most 500", |kernel| {
        by_new_mount_api(kernel, &[("lowerdir+", Path::new("/tmp/lower")); 501]).map(drop)
    }),
    ("a_layer_that_is_a_file", "is a file, and a layer is a directory", |kernel| {
        by_new_mount_api(kernel, &[("lowerdir+", &file("file", "", 0o644)?)]).map(drop)
    }),
    ("an_option_that_no_overlay_has", "Unknown parameter 'uperdir'", |kernel| {
        by_new_mount_api(kernel, &[("uperdir", Path::new("/tmp/upper"))]).map(drop)
    }),
];

fn overlay(kernel: &Kernel, options: &str) -> Result<()> {
    directories(&["lower", "upper/work", "merged"])?;
    mounted(kernel, "/tmp/merged", options)
}

fn mounted(kernel: &Kernel, target: &str, options: &str) -> Result<()> {
    let source = Some(Path::new("overlay"));
    kernel.because("part of a case").mount(source, target, Some("overlay"), MsFlags::empty(), Some(options))
}

fn tmpfs_at_other(kernel: &Kernel) -> Result<()> {
    directories(&["other"])?;
    tmpfs(kernel, "/tmp/other")
}

fn on_an_overlay(kernel: &Kernel) -> Result<()> {
    directories(&["lower", "upper", "work", "outer"])?;
    mounted(kernel, "/tmp/outer", "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr")?;
    directories(&["outer/upper", "outer/work", "merged"])?;
    mounted(kernel, "/tmp/merged", "lowerdir=/tmp/lower,upperdir=/tmp/outer/upper,workdir=/tmp/outer/work,userxattr")
}

fn by_new_mount_api(kernel: &Kernel, options: &[(&str, &Path)]) -> Result<std::os::fd::OwnedFd> {
    if check(Need::LayersByNewMountApi).is_blocked() {
        return Err(Skipped("this kernel takes no layers one by one").into());
    }
    directories(&["lower", "upper"])?;
    let context = kernel.because("part of a case").fsopen("overlay")?;
    for (key, value) in options {
        kernel.because("part of a case").fsconfig_set_string(context.as_fd(), key, value)?;
    }
    Ok(context)
}
