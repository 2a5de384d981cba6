//! Judges of stage 02.

mod born;
mod cgroup;
mod child;
mod handshake;
mod ipc;
mod labs;
mod maps;
mod mount;
mod net;
mod pid;
mod predictions;
mod time;
mod user;
mod uts;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "uts-1", judge: uts::own_hostname },
    Judge { id: "ipc-1", judge: ipc::own_ipc },
    Judge { id: "mount-1", judge: mount::own_mounts },
    Judge { id: "pid-1", judge: pid::own_pids },
    Judge { id: "pid-2", judge: pid::own_proc },
    Judge { id: "net-1", judge: net::own_network },
    Judge { id: "user-1", judge: user::own_ids },
    Judge { id: "user-2", judge: maps::written },
    Judge { id: "handshake-1", judge: handshake::mapped_from_outside },
    Judge { id: "cgroupns-1", judge: cgroup::own_root },
    Judge { id: "time-1", judge: time::own_clocks },
    Judge { id: "child-1", judge: child::ends_with_its_parent },
    Judge { id: "born-1", judge: born::born_inside },
    Judge { id: "lab-shared-leak", judge: labs::shared_leak },
    Judge { id: "lab-stale-proc", judge: labs::stale_proc },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-ps", answer: predictions::ps },
    Oracle { id: "predict-mounts", answer: predictions::mounts },
    Oracle { id: "predict-own-pid", answer: predictions::own_pid },
];
