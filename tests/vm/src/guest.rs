//! The other side: the first process of the machine. It mounts what a system has, and then does what the host asks.

mod cgroups;
mod ports;
mod root;
mod work;

use std::convert::Infallible;
use std::process::ExitCode;

use anyhow::Result;
use rustix::system::RebootCommand;

/// Runs as the first process, and ends by switching the machine off.
pub fn main() -> ExitCode {
    let Err(error) = serve();
    // The console: what comes here, the host shows.
    eprintln!("vm: in the machine: {error:#}");
    let _ = rustix::system::reboot(RebootCommand::PowerOff);
    ExitCode::FAILURE
}

fn serve() -> Result<Infallible> {
    root::mount_kernel_file_systems()?;
    root::load_modules()?;
    if root::is_asked("disk") {
        root::move_to_disk()?;
    }
    root::furnish()?;
    cgroups::mount_all()?;
    work::serve()
}
