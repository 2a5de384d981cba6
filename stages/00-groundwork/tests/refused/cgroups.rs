//! Cgroups that do not obey. They begin outside: only root of the host has a part of the tree for sure.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use groundwork::host::{Here, Host};

use crate::{Case, Skipped};

pub(crate) const OUTSIDE: &[Case] = &[
    ("a_cgroup_that_holds_a_process", "still holds 1 process", |kernel| {
        in_own_cgroup(|cgroup| kernel.because("part of a case").rmdir(cgroup))
    }),
    ("a_cgroup_that_has_another_below_it", "has the cgroup inner below it", |kernel| {
        in_own_cgroup(|cgroup| {
            let (inner, top) = (cgroup.join("inner"), cgroup.parent().context("no top")?);
            std::fs::create_dir(&inner)?;
            std::fs::write(top.join("cgroup.procs"), "0")?;
            let refused = kernel.because("part of a case").rmdir(cgroup);
            std::fs::remove_dir(inner)?;
            refused
        })
    }),
    ("a_cgroup_that_is_there", "is there already", |kernel| {
        in_own_cgroup(|cgroup| kernel.because("part of a case").mkdir(cgroup, 0o755))
    }),
    ("a_limit_whose_controller_is_elsewhere", "the memory controller", |kernel| {
        in_own_cgroup(|cgroup| {
            let limit = cgroup.join("memory.max");
            if limit.exists() {
                return Err(Skipped("the memory controller is here").into());
            }
            kernel.because("part of a case").write(limit, "1")
        })
    }),
    ("a_controller_that_is_none", "the kernel knows no such controller", |kernel| {
        in_own_cgroup(|cgroup| kernel.because("part of a case").write(cgroup.join("cgroup.subtree_control"), "+none"))
    }),
    ("a_process_that_is_gone", "write the PID of one that lives", |kernel| {
        in_own_cgroup(|cgroup| kernel.because("part of a case").write(cgroup.join("cgroup.procs"), "4194304"))
    }),
    ("a_value_that_is_none", "is no value for cgroup.freeze", |kernel| {
        in_own_cgroup(|cgroup| kernel.because("part of a case").write(cgroup.join("cgroup.freeze"), "2"))
    }),
];

/// A cgroup with this process in it, which is gone afterwards.
fn in_own_cgroup(mistake: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let host: &dyn Host = &Here;
    let (own, top) = host.own_cgroup2().zip(host.cgroup2_mount()).ok_or(Skipped("there is no cgroup2 tree"))?;
    let cgroup: PathBuf = top.target.join(format!("boxwright-trial-{}", std::process::id()));
    std::fs::create_dir(&cgroup).map_err(|_| Skipped("no part of the cgroup2 tree is ours"))?;
    std::fs::write(cgroup.join("cgroup.procs"), "0")?;
    let refused = mistake(&cgroup);
    std::fs::write(own.join("cgroup.procs"), "0")?;
    std::fs::remove_dir(cgroup)?;
    refused
}
