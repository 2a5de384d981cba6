//! What each stage's programs need, and what becomes of a program when a need is not met.

use crate::preflight::Verdict;
use crate::preflight::need::Need::{self, *};

/// A stage and its programs.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The name of its folder.
    pub name: &'static str,
    /// Its programs.
    pub programs: &'static [Program],
}

/// A program and what it asks of a host.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// It is of no use without all of these.
    pub needs: &'static [Need],
    /// It is of no use without one of these, when any are named.
    pub one_of: &'static [Need],
    /// It does less without these.
    pub helped_by: &'static [Need],
}

const fn needing(name: &'static str, needs: &'static [Need]) -> Program {
    Program { name, needs, one_of: &[], helped_by: &[] }
}

impl Program {
    const fn helped_by(self, helped_by: &'static [Need]) -> Self {
        Self { helped_by, ..self }
    }

    const fn one_of(self, one_of: &'static [Need]) -> Self {
        Self { one_of, ..self }
    }
}

const LIMITS: &[Need] = &[MemoryLimit, CpuLimit, PidsLimit, CpusetLimit, IoLimit];

/// A root with its /proc and its /dev.
const FURNISHED: &[Need] = &[MountNamespace, PivotRoot, PidNamespace, ProcMount, IpcNamespace, MqueueMount, Pty];
const OVER_LAYERS: &[Need] =
    &[MountNamespace, PivotRoot, PidNamespace, ProcMount, IpcNamespace, MqueueMount, Pty, Overlayfs];

// ANCHOR: stages
/// The stages, in their order.
pub const STAGES: [Stage; 8] = [
    Stage { name: "00-groundwork", programs: &[needing("doctor", &[]).helped_by(&[Strace])] },
    Stage {
        name: "01-chroot",
        programs: &[
            needing("enter-chroot", &[Chroot]).helped_by(&[Store, Busybox]),
            needing("escape-chroot", &[Chroot]),
        ],
    },
    Stage {
        name: "02-unshare",
        programs: &[
            needing("unshare-uts", &[UtsNamespace]),
            needing("unshare-ipc", &[IpcNamespace]),
            needing("unshare-mount", &[MountNamespace]),
            needing("unshare-pid", &[PidNamespace, MountNamespace]).helped_by(&[ProcMount]),
            needing("unshare-net", &[NetNamespace]),
            needing("unshare-user", &[UserNamespaces]).helped_by(&[SubordinateIds]),
            needing("unshare-cgroup", &[CgroupNamespace]),
            needing("unshare-time", &[TimeNamespace]),
            needing("clone-into", &[UtsNamespace]).helped_by(&[Clone3]),
            needing("unshare-rest", &[]),
            needing("ipc-objects", &[]),
            needing("mount-leak", &[MountNamespace]),
            needing("pid-orphans", &[PidNamespace]),
        ],
    },
    Stage {
        name: "03-nsfs",
        programs: &[
            needing("ns-show", &[]),
            needing("ns-keep", &[KeepNamespace]),
            needing("ns-enter", &[Setns]).helped_by(&[PidfdSetns]),
            needing("ns-drop", &[KeepNamespace]),
        ],
    },
    Stage {
        name: "04-pivot",
        programs: &[needing("enter-pivot", FURNISHED).helped_by(&[Store, SysfsMount, DeviceNodes])],
    },
    Stage {
        name: "05-overlay",
        programs: &[
            needing("unpack-layer", &[]).helped_by(&[DeviceNodes]),
            needing("enter-overlay", OVER_LAYERS).helped_by(&[Store, SysfsMount, LayersByNewMountApi]),
            needing("commit-layer", &[]),
            needing("layer-usage", &[]),
        ],
    },
    Stage {
        name: "06-cgroup",
        programs: &[
            needing("limit", &[]).one_of(LIMITS).helped_by(&[CgroupV2, CloneIntoCgroup]),
            needing("usage", &[]),
            needing("freeze", &[Freeze]),
            needing("thaw", &[Freeze]),
            needing("kill-cgroup", &[]).one_of(&[CgroupV2, Freeze]),
        ],
    },
    Stage {
        name: "07-run",
        programs: &[needing(
            "boxwright",
            &[
                UtsNamespace,
                IpcNamespace,
                MountNamespace,
                PidNamespace,
                NetNamespace,
                PivotRoot,
                ProcMount,
                MqueueMount,
                Pty,
                Store,
                Overlayfs,
            ],
        )
        .helped_by(&[
            CgroupNamespace,
            SysfsMount,
            Terminal,
            SubordinateIds,
            MemoryLimit,
            CpuLimit,
            PidsLimit,
            Freeze,
            CloneIntoCgroup,
        ])],
    },
];
// ANCHOR_END: stages

impl Program {
    /// All that it asks for, in the order of its importance.
    pub fn all_needs(&self) -> impl Iterator<Item = Need> {
        [self.needs, self.one_of, self.helped_by].concat().into_iter()
    }

    /// What these verdicts on its needs come to for it.
    pub fn verdict(&self, of: impl Fn(Need) -> Verdict) -> Verdict {
        let blocking = self.needs.iter().map(|need| of(*need)).find(Verdict::is_blocked);
        let without_any = || {
            let mut verdicts = self.one_of.iter().map(|need| of(*need));
            let first = verdicts.next().filter(Verdict::is_blocked)?;
            verdicts.all(|verdict| verdict.is_blocked()).then_some(first)
        };
        blocking.or_else(without_any).or_else(|| self.lacking(&of)).unwrap_or_else(Verdict::works)
    }

    /// It runs, and without some of what would help it; the first of them gives the reason.
    fn lacking(&self, of: impl Fn(Need) -> Verdict) -> Option<Verdict> {
        let verdicts: Vec<_> = self.all_needs().map(|need| (need, of(need))).collect();
        let blocked: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.is_blocked()).collect();
        if let Some((_, Verdict::Blocked(cause))) = blocked.first() {
            let names: Vec<_> = blocked.iter().map(|(need, _)| need.name()).collect();
            return Some(Verdict::Limited { what: format!("without {}", names.join(", ")), cause: cause.clone() });
        }
        verdicts.into_iter().map(|(_, verdict)| verdict).find(|verdict| verdict.cause().is_some())
    }
}

impl Stage {
    /// What the verdicts on its programs come to: blocked when none is left of those that ask the kernel for something.
    pub fn verdict(&self, of: impl Fn(Need) -> Verdict) -> Verdict {
        let asking: Vec<_> = self.programs.iter().filter(|program| program.all_needs().next().is_some()).collect();
        let verdicts: Vec<_> = asking.iter().map(|program| (program, program.verdict(&of))).collect();
        if let [(_, first), ..] = verdicts.as_slice()
            && verdicts.iter().all(|(_, verdict)| verdict.is_blocked())
        {
            return first.clone();
        }
        let blocked = verdicts.iter().find_map(|(program, verdict)| match verdict {
            Verdict::Blocked(cause) => {
                Some(Verdict::Limited { what: format!("{} is blocked", program.name), cause: cause.clone() })
            }
            _ => None,
        });
        let limited = verdicts.iter().map(|(_, verdict)| verdict).find(|verdict| verdict.cause().is_some());
        blocked.or_else(|| limited.cloned()).unwrap_or_else(Verdict::works)
    }
}

#[cfg(test)]
mod tests;
