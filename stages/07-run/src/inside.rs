//! The child's page: what a new process does, in this order, until it is the container's program.
//!
//! Each line is a stage of this workshop. Why each stands where it stands is said above it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use cgroup::Cgroup;
use groundwork::Kernel;
use pivot::Furniture;
use unshare::cgroup::own_cgroup_root;
use unshare::mount::Propagation;
use unshare::user::{self, Maps};
use unshare::{Handshake, child, ipc, mount, net, uts};

use crate::bundle::Bundle;
use crate::report::Speaker;
use crate::spec::Spec;
use crate::streams::{self, Streams};
use crate::{init, init_layer, start, who};

// ANCHOR: inside
/// Turns this process, just born, into the container that `spec` asks for.
///
/// # Errors
/// Whatever the kernel refuses; the parent reports it.
pub fn become_container(kernel: &Kernel, asked: &Asked<'_>, outside: &Outside<'_>) -> Result<ExitCode> {
    // EXERCISE run-1
    let Asked { spec, streams, cgroup, maps, .. } = *asked;
    // Only someone outside can map our ids. Root's are what they are.
    outside.await_ids(kernel, maps)?;
    // A parent that is killed, from here on or a moment ago, takes us along.
    child::die_with(kernel, outside.ready)?;
    // Before anything is used; with cgroup2 alone, we were born inside. Our limits have been set for long.
    if let Some(cgroup) = cgroup {
        cgroup.enter(kernel, outside.is_in_cgroup)?;
    }
    // An id that is not mapped may do nothing, and an ordinary user's is not until here.
    if maps.is_some() {
        user::become_root(kernel)?;
    }
    // The cgroup we are in by now becomes "/", and /sys will show it so.
    own_cgroup_root(kernel)?;
    uts::own_hostname(kernel, &spec.hostname)?;
    // Before /dev/mqueue and /sys are mounted: each shows the namespace of the one who mounts it.
    ipc::own_ipc(kernel)?;
    if spec.has_own_network() {
        net::own_network(kernel)?;
    }
    mount::own_mounts(kernel, Propagation::Private)?;
    let root = mount_root(kernel, asked)?;
    // While the host can still be seen: its volumes, its devices, and a /proc that proves we may have one.
    let additions = spec.additions().hold(kernel)?;
    let furniture = Furniture { own_network: spec.has_own_network(), own_cgroup: true, ..Furniture::of(maps) };
    let dev = pivot::furnish(kernel, &root, furniture)?;
    // From here on no path leads out.
    pivot::pivot_into(kernel, &root)?;
    dev.attach(kernel)?;
    additions.attach(kernel)?;
    streams::take(kernel, streams, outside.report)?;
    // The last step that needs root; after it nothing does.
    who::become_user(kernel, spec.user, maps.is_none_or(who::may_set_groups))?;
    start::go_to(kernel, &spec.directory)?;
    spec.unattended.then(|| child::outlive_parent(kernel)).transpose()?;
    let program = start::program(kernel, spec)?;
    if spec.init { init::run(kernel, &program, outside.report) } else { program.exec(kernel) }
    // END run-1
}

/// The image as it is, or, above it, a layer that is this container's own and one that it writes to. Gives its place.
fn mount_root(kernel: &Kernel, asked: &Asked<'_>) -> Result<PathBuf> {
    let Asked { spec, bundle, maps, .. } = *asked;
    let root = bundle.root(spec);
    if spec.in_place {
        pivot::make_mount_point(kernel, &root)?;
    } else {
        init_layer::make(kernel, &bundle.init_of(spec), spec, maps)?;
        overlay::mount(kernel, &bundle.stack(spec, maps), &root)?;
    }
    Ok(root)
}
// ANCHOR_END: inside

/// What is to be made, and for whom.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The container.
    pub spec: &'a Spec,
    /// Its files.
    pub bundle: &'a Bundle,
    /// Where its words go.
    pub streams: &'a Streams,
    /// The walls around what it may use.
    pub cgroup: Option<&'a Cgroup>,
    /// The ids of an ordinary user's container; nothing when root runs it.
    pub maps: Option<&'a Maps>,
}

/// The lines to the parent.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// The parent says here when we may begin.
    pub ready: &'a Handshake,
    /// We say here what went wrong.
    pub report: &'a Speaker,
    /// True when we were born inside our cgroup, as far as cgroup2 goes.
    pub is_in_cgroup: bool,
}

impl Outside<'_> {
    /// Waits until our ids are mapped, where there are any to map.
    fn await_ids(&self, kernel: &Kernel, maps: Option<&Maps>) -> Result<()> {
        match maps {
            Some(_) => self.ready.wait(kernel, "outside, our ids are mapped: nothing begins before that"),
            None => Ok(()),
        }
    }
}
