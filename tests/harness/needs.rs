//! What a judge needs of the host, asked of `doctor`, once. A missing need is said with its remedy, and counted.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use super::programs::program;

/// Something that a host may lack. Those that `doctor` knows bear its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To be root.
    Root,
    /// Not to be root.
    OrdinaryUser,
    /// bash(1): the one program of most hosts that talks to a network without another package.
    Bash,
    /// To be followed by a tracer and still be able to map ids: newuidmap(1) then has no rights, see ptrace(2).
    SingleId,
    /// Trees of cgroup v1 beside or in place of the one of version 2.
    CgroupV1Trees,
    /// podman(1).
    Podman,
    /// rustc(1): where no sandbox can be made, the grader builds the doctor that it asks for the cause.
    Rust,
    Busybox,
    CpuLimit,
    CpusetLimit,
    Freeze,
    IoLimit,
    MemoryLimit,
    Overlayfs,
    PidsLimit,
    PivotRoot,
    Strace,
    SubordinateIds,
    TimeNamespace,
    UserNamespaces,
}

/// Why a need is not met, and what would meet it.
struct Missing {
    why: String,
    remedy: String,
}

/// True when all are met. Otherwise says which is not; where every skip must be allowed, that may be a failure.
pub fn are_met(judge: &str, needs: &[Need]) -> bool {
    let Some((need, Missing { why, remedy })) = needs.iter().find_map(|need| Some((*need, need.missing()?))) else {
        return true;
    };
    if let Err(forbidden) = skips::note(judge, &format!("{need:?}"), &why, &remedy) {
        panic!("{forbidden}");
    }
    false
}

/// True for root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

impl Need {
    fn missing(self) -> Option<Missing> {
        let own = |met: bool, why: &str, remedy: &str| {
            (!met).then(|| Missing { why: why.to_owned(), remedy: remedy.to_owned() })
        };
        match self {
            Self::Root => own(is_root(), "this is an ordinary user", "run the tests as root too"),
            Self::OrdinaryUser => own(!is_root(), "this is root", "run the tests as an ordinary user too"),
            Self::Bash => own(is_there("bash"), "there is no bash", "install the package bash"),
            Self::SingleId => own(
                is_root() || !has_grant(),
                "below a tracer newuidmap has no rights",
                "run the tests as a user whom /etc/subuid does not name",
            ),
            Self::Podman => own(is_there("podman"), "there is no podman", "install the package podman"),
            Self::Rust => own(is_there("rustc"), "there is no compiler", "install Rust"),
            Self::CgroupV1Trees => own(
                std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| mounts.contains(" - cgroup ")),
                "this machine has cgroups of version 2 alone",
                "run the tests on a machine that has both",
            ),
            _ => self.asked_of_doctor(),
        }
    }

    fn asked_of_doctor(self) -> Option<Missing> {
        static REPORT: LazyLock<Value> = LazyLock::new(|| {
            let doctor = Command::new(program("doctor")).arg("--json").output().expect("doctor can be run");
            serde_json::from_slice(&doctor.stdout).expect("doctor writes JSON")
        });
        let name = self.kebab();
        let found = REPORT["needs"].as_array().and_then(|needs| needs.iter().find(|one| one["need"] == name.as_str()));
        let found = found.unwrap_or_else(|| panic!("doctor does not know {name}"));
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        (found["verdict"] == "blocked").then(|| Missing { why: text("why"), remedy: text("remedy") })
    }

    /// As doctor writes it: `time-namespace`.
    fn kebab(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

/// True when /etc/subuid names this user.
fn has_grant() -> bool {
    let me = nix::unistd::geteuid();
    let name = nix::unistd::User::from_uid(me).ok().flatten().map(|user| user.name);
    let granted = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
    let mut owners = granted.lines().filter_map(|line| line.split(':').next());
    owners.any(|owner| Some(owner) == name.as_deref() || owner.parse() == Ok(me.as_raw()))
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
