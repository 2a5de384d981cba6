//! A network stack of one's own: network_namespaces(7).

use std::os::fd::AsFd;

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;

// ANCHOR: own_network
/// Gives this process a network namespace in which only itself can be reached.
///
/// # Errors
/// Those of unshare(2) and of the ioctls in netdevice(7).
pub fn own_network(kernel: &Kernel) -> Result<()> {
    // EXERCISE net-1
    kernel
        .because(
            "devices, addresses, routes and ports are global: the new namespace has one device, lo, and it is down",
        )
        .unshare(CloneFlags::CLONE_NEWNET)?;
    bring_up_loopback(kernel)
    // END net-1
}
// ANCHOR_END: own_network

// ANCHOR: bring_up_loopback
/// Lets this network namespace reach itself.
///
/// # Errors
/// Those of the ioctls in netdevice(7).
pub fn bring_up_loopback(kernel: &Kernel) -> Result<()> {
    let socket = kernel.because("devices are spoken to through any socket of this namespace").socket_inet()?;
    kernel
        .because("programs that talk to themselves use 127.0.0.1: it answers once lo is up")
        .ioctl_interface_up(socket.as_fd(), "lo")
}
// ANCHOR_END: bring_up_loopback
