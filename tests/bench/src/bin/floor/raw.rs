//! The calls that no crate has, or that only an unsafe one can be: as thin as they go.

use std::ffi::{CStr, c_char};

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::process::Pid;

pub(crate) const NEW_MOUNT: u64 = libc::CLONE_NEWNS as u64;
pub(crate) const NEW_PID: u64 = libc::CLONE_NEWPID as u64;
pub(crate) const NEW_UTS: u64 = libc::CLONE_NEWUTS as u64;
pub(crate) const NEW_IPC: u64 = libc::CLONE_NEWIPC as u64;
pub(crate) const NEW_NET: u64 = libc::CLONE_NEWNET as u64;
pub(crate) const NEW_USER: u64 = libc::CLONE_NEWUSER as u64;
pub(crate) const NEW_CGROUP: u64 = libc::CLONE_NEWCGROUP as u64;

/// Does not fit into the type that libc has for flags.
const INTO_CGROUP: u64 = 0x2_0000_0000;

fn checked(answer: i64) -> Result<i64, Errno> {
    if answer >= 0 {
        return Ok(answer);
    }
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL);
    Err(Errno::from_raw_os_error(errno))
}

/// clone3(2): a child born into all these namespaces at once, and into this cgroup; nothing in the child.
///
/// With `until_exec` we go on when the child has become its program (CLONE_VFORK), and need no pipe to know.
#[expect(
    unsafe_code,
    reason = "we have one thread, and the child has a copy of our memory: it may go on as it is; watched by every_wall_stands"
)]
pub(crate) fn clone3(namespaces: u64, cgroup: Option<BorrowedFd>, until_exec: bool) -> Result<Option<Pid>, Errno> {
    use std::os::fd::AsRawFd;
    let (into, descriptor) = cgroup.map_or((0, 0), |cgroup| (INTO_CGROUP, cgroup.as_raw_fd()));
    let vfork = if until_exec { libc::CLONE_VFORK as u64 } else { 0 };
    // SAFETY: all bytes zero is what the call takes for "nothing of this".
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = namespaces | into | vfork;
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.cgroup = descriptor as u64;
    // SAFETY: the structure lives through the call, and without CLONE_VM nobody shares our stack.
    let answer = unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of_val(&arguments)) };
    Ok(Pid::from_raw(checked(answer)? as i32))
}

/// unshare(2), of a namespace that concerns no thread but this one.
#[expect(
    unsafe_code,
    reason = "no descriptor table is unshared, which alone could surprise anybody; watched by every_wall_stands"
)]
pub(crate) fn unshare(namespace: u64) -> Result<(), Errno> {
    // SAFETY: the call takes a number.
    checked(unsafe { libc::unshare(namespace as i32) }.into()).map(drop)
}

/// execve(2): becomes the program, or says why not.
#[expect(unsafe_code, reason = "both lists end with a null pointer; watched by every_wall_stands")]
pub(crate) fn execve(program: &CStr, arguments: &[*const c_char], environment: &[*const c_char]) -> Errno {
    assert!(
        arguments.last().is_some_and(|last| last.is_null()) && environment.last().is_some_and(|last| last.is_null())
    );
    // SAFETY: every pointer but the last ones is to a string that lives as long as we do.
    let answer = unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    checked(answer.into()).err().unwrap_or(Errno::INVAL)
}

/// mount_setattr(2): nobody writes to what is mounted here any more.
#[expect(unsafe_code, reason = "no crate has mount_setattr(2); watched by every_wall_stands")]
pub(crate) fn make_read_only(path: &CStr) -> Result<(), Errno> {
    let mut change = libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let size = size_of_val(&change);
    // SAFETY: the path ends with zero, and the structure lives through the call and has the size that is said.
    let answer =
        unsafe { libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, path.as_ptr(), 0, &raw mut change, size) };
    checked(answer).map(drop)
}

/// Takes the loopback device up: 127.0.0.1 answers from now on.
#[expect(unsafe_code, reason = "the request is a whole ifreq, and the socket is ours; watched by every_wall_stands")]
pub(crate) fn loopback_up() -> Result<(), Errno> {
    // SAFETY: all bytes zero is a request with an empty name.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as c_char;
    request.ifr_name[1] = b'o' as c_char;
    request.ifr_ifru.ifru_flags = libc::IFF_UP as i16;
    // SAFETY: three numbers; and the request lives through the call that reads it.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        checked(socket.into())?;
        checked(libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw mut request).into()).map(drop)
    }
}
