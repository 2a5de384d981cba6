//! The end of many containers: one write kills all of a cgroup, and its directory can go when the last one is gone.

use std::path::Path;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::{Failed, Step};

/// `remove CGROUP…`: first all are killed, then all are waited for.
pub(crate) fn remove(cgroups: &[String]) -> Result<u8, Failed> {
    for cgroup in cgroups {
        let file = open(&Path::new(cgroup).join("cgroup.kill"), OFlags::WRONLY)?;
        rustix::io::write(&file, b"1").step("write(cgroup.kill)")?;
    }
    for cgroup in cgroups {
        wait_until_empty(Path::new(cgroup))?;
        rustix::fs::rmdir(cgroup.as_str()).step("rmdir of the cgroup")?;
    }
    Ok(0)
}

/// The kernel tells of the last process: cgroup.events changes, which is an "exceptional condition" for poll(2).
fn wait_until_empty(cgroup: &Path) -> Result<(), Failed> {
    let events = open(&cgroup.join("cgroup.events"), OFlags::RDONLY)?;
    loop {
        let mut text = [0; 64];
        let count = rustix::io::pread(&events, &mut text, 0).step("read(cgroup.events)")?;
        if text[..count].starts_with(b"populated 0") {
            return Ok(());
        }
        let mut waiting = [PollFd::new(&events, PollFlags::PRI)];
        rustix::event::poll(&mut waiting, None).step("poll(cgroup.events)")?;
    }
}

fn open(path: &Path, how: OFlags) -> Result<rustix::fd::OwnedFd, Failed> {
    match rustix::fs::openat(CWD, path, how | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => Err(Failed("no such cgroup, or a kernel before 5.14", Errno::NOENT)),
        opened => opened.step("open"),
    }
}
