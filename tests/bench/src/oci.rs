//! The one description of the container that all OCI runtimes get: everybody's configuration comes from here.

use std::path::Path;

use serde_json::{Value, json};

/// What differs between the variants.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// The root file system.
    pub root: &'a str,
    /// What runs inside.
    pub arguments: &'a [&'a str],
    /// With a user namespace: who its root is outside.
    pub user: Option<(u32, u32)>,
    /// The cgroup to make, named from the top of the hierarchy.
    pub cgroup: Option<&'a str>,
}

/// The content of config.json, see the OCI runtime specification.
pub fn config(asked: &Asked) -> Value {
    let mut kinds = vec!["pid", "ipc", "uts", "mount", "network", "cgroup"];
    kinds.extend(asked.user.map(|_| "user"));
    let namespaces: Vec<_> = kinds.iter().map(|kind| json!({ "type": kind })).collect();
    let mut linux = json!({ "namespaces": namespaces });
    if let Some((user, group)) = asked.user {
        let single = |outside: u32| json!([{ "containerID": 0, "hostID": outside, "size": 1 }]);
        linux["uidMappings"] = single(user);
        linux["gidMappings"] = single(group);
    }
    if let Some(cgroup) = asked.cgroup {
        linux["cgroupsPath"] = cgroup.into();
    }
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": 0, "gid": 0 },
            "args": asked.arguments,
            "env": [format!("PATH={}", crate::contender::PATH)],
            "cwd": "/",
        },
        "root": { "path": asked.root, "readonly": true },
        "hostname": "box",
        "mounts": mounts(asked.user.is_some()),
        "linux": linux,
    })
}

/// Writes a bundle: a directory with that file in it.
///
/// # Errors
/// It cannot be written.
pub fn write_bundle(directory: &Path, asked: &Asked) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)?;
    std::fs::write(directory.join("config.json"), config(asked).to_string())?;
    Ok(())
}

fn mounts(in_user_namespace: bool) -> Vec<Value> {
    let mount = |at: &str, kind: &str, options: &[&str]| json!({ "destination": at, "type": kind, "source": kind, "options": options });
    let harmless = ["nosuid", "noexec", "nodev"];
    let mut terminals = vec!["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
    // Where one id is mapped there is no group of terminals.
    terminals.extend((!in_user_namespace).then_some("gid=5"));
    vec![
        mount("/proc", "proc", &harmless),
        mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", &terminals),
        mount("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        mount("/dev/mqueue", "mqueue", &harmless),
        mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
    ]
}
