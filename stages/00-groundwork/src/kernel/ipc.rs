//! Objects between processes that are found by number or name, and not by path: sysvipc(7), mq_overview(7).

use std::ffi::CString;
use std::os::fd::{FromRawFd, OwnedFd};

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;

use crate::arguments::{Argument, Bare, Spelling};
use crate::kernel::{Answer, Because};

/// The number the kernel gives a System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpcId(i32);

/// Make an object that must not be there yet, or find one that must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One that did not exist: the permission bits.
    New(u32),
    /// One that exists.
    Existing,
}

/// A key by which any process of the IPC namespace finds a System V object; none for an object without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub Option<i32>);

#[expect(unsafe_code, reason = "neither nix nor rustix has System V objects; watched by ipc_objects_are_private")]
impl Because<'_> {
    /// msgget(2): a System V message queue.
    ///
    /// # Errors
    /// EEXIST and ENOENT as [`Wanted`]; EACCES for someone else's; ENOSPC past a limit; ENOSYS in a kernel without them.
    pub fn msgget(self, key: Key, wanted: Wanted) -> Result<IpcId> {
        // SAFETY: two numbers go in, one comes out.
        self.ask("msgget", &[&key, &wanted], || id(unsafe { libc::msgget(key.number(), wanted.flags()) }))
    }

    /// shmget(2): a System V shared memory segment of `size` bytes.
    ///
    /// # Errors
    /// As for [`Because::msgget`].
    pub fn shmget(self, key: Key, size: usize, wanted: Wanted) -> Result<IpcId> {
        // SAFETY: three numbers go in, one comes out.
        self.ask("shmget", &[&key, &size, &wanted], || id(unsafe { libc::shmget(key.number(), size, wanted.flags()) }))
    }

    /// semget(2): a set of `count` System V semaphores, each at 0.
    ///
    /// # Errors
    /// As for [`Because::msgget`].
    pub fn semget(self, key: Key, count: i32, wanted: Wanted) -> Result<IpcId> {
        self.ask("semget", &[&key, &count, &wanted], || {
            // SAFETY: three numbers go in, one comes out.
            id(unsafe { libc::semget(key.number(), count, wanted.flags()) })
        })
    }

    /// semop(2) with SEM_UNDO on the first semaphore of a set: add `change`, and take it back when the last process ends
    /// that shares this one's list of things to undo.
    ///
    /// # Errors
    /// EIDRM and EINVAL when the set is gone; EACCES for someone else's.
    pub fn semop_undo(self, set: IpcId, change: i16) -> Result<()> {
        let words = format!("[{{sem_num=0, sem_op={change}, sem_flg=SEM_UNDO}}]");
        self.ask("semop", &[&set, &Bare(words), &1], || {
            let mut operation = libc::sembuf { sem_num: 0, sem_op: change, sem_flg: libc::SEM_UNDO as libc::c_short };
            // SAFETY: the kernel reads one sembuf. The C library would make it a semtimedop(2), which nobody asked for.
            Errno::result(unsafe { libc::syscall(libc::SYS_semop, set.0, &raw mut operation, 1) }).map(drop)
        })
    }

    /// semctl(2), GETVAL: the value of the first semaphore of a set.
    ///
    /// # Errors
    /// As for [`Because::semop_undo`].
    pub fn semctl_getval(self, set: IpcId) -> Result<i32> {
        self.ask("semctl", &[&set, &0, &Bare("GETVAL"), &Bare("NULL")], || {
            // SAFETY: numbers go in, one comes out; GETVAL reads no fourth argument.
            Errno::result(unsafe { libc::semctl(set.0, 0, libc::GETVAL, 0) }).map(Value)
        })
        .map(|value| value.0)
    }

    /// semctl(2), IPC_RMID: remove a set of semaphores.
    ///
    /// # Errors
    /// EINVAL and EIDRM when it is gone; EPERM for someone else's.
    pub fn semctl_rmid(self, set: IpcId) -> Result<()> {
        self.ask("semctl", &[&set, &0, &Bare("IPC_RMID"), &Bare("NULL")], || {
            // SAFETY: numbers go in, one comes out; IPC_RMID reads no fourth argument.
            Errno::result(unsafe { libc::semctl(set.0, 0, libc::IPC_RMID, 0) }).map(drop)
        })
    }

    /// msgctl(2), IPC_RMID: remove a message queue.
    ///
    /// # Errors
    /// As for [`Because::semctl_rmid`].
    pub fn msgctl_rmid(self, queue: IpcId) -> Result<()> {
        self.ask("msgctl", &[&queue, &Bare("IPC_RMID"), &Bare("NULL")], || {
            // SAFETY: IPC_RMID reads and writes nothing behind the pointer.
            Errno::result(unsafe { libc::msgctl(queue.0, libc::IPC_RMID, std::ptr::null_mut()) }).map(drop)
        })
    }

    /// shmctl(2), IPC_RMID: remove a shared memory segment once nobody has it attached.
    ///
    /// # Errors
    /// As for [`Because::semctl_rmid`].
    pub fn shmctl_rmid(self, memory: IpcId) -> Result<()> {
        self.ask("shmctl", &[&memory, &Bare("IPC_RMID"), &Bare("NULL")], || {
            // SAFETY: IPC_RMID reads and writes nothing behind the pointer.
            Errno::result(unsafe { libc::shmctl(memory.0, libc::IPC_RMID, std::ptr::null_mut()) }).map(drop)
        })
    }

    /// mq_open(2): a POSIX message queue. `name` is what follows the "/" that mq_open(3) wants.
    ///
    /// # Errors
    /// EEXIST and ENOENT as [`Wanted`]; EACCES for someone else's; ENOSPC and EMFILE past a limit; ENOSYS in a kernel
    /// without them.
    pub fn mq_open(self, name: &str, wanted: Wanted) -> Result<OwnedFd> {
        let (flags, mode, words) = match wanted {
            Wanted::New(mode) => (libc::O_CREAT | libc::O_EXCL, mode, "O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC"),
            Wanted::Existing => (0, 0, "O_RDWR|O_CLOEXEC"),
        };
        let make = || {
            let path = CString::new(name).map_err(|_| Errno::EINVAL)?;
            let flags = libc::O_RDWR | libc::O_CLOEXEC | flags;
            let defaults = std::ptr::null::<libc::mq_attr>();
            // SAFETY: the kernel reads a string that ends with a NUL byte, and no attributes.
            let answer = unsafe { libc::syscall(libc::SYS_mq_open, path.as_ptr(), flags, mode, defaults) };
            // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
            Errno::result(answer).map(|number| unsafe { OwnedFd::from_raw_fd(number as libc::c_int) })
        };
        match wanted {
            Wanted::New(mode) => {
                self.ask("mq_open", &[&name, &Bare(words), &Bare(format!("{mode:04o}")), &Bare("NULL")], make)
            }
            Wanted::Existing => self.ask("mq_open", &[&name, &Bare(words)], make),
        }
    }

    /// mq_unlink(2): remove a POSIX message queue once nobody has it open.
    ///
    /// # Errors
    /// ENOENT when it is gone; EACCES for someone else's.
    pub fn mq_unlink(self, name: &str) -> Result<()> {
        self.ask("mq_unlink", &[&name], || {
            let path = CString::new(name).map_err(|_| Errno::EINVAL)?;
            // SAFETY: the kernel reads a string that ends with a NUL byte.
            Errno::result(unsafe { libc::syscall(libc::SYS_mq_unlink, path.as_ptr()) }).map(drop)
        })
    }
}

fn id(answer: libc::c_int) -> nix::Result<IpcId> {
    Errno::result(answer).map(IpcId)
}

impl Key {
    fn number(self) -> libc::key_t {
        self.0.unwrap_or(libc::IPC_PRIVATE)
    }
}

impl Wanted {
    fn flags(self) -> libc::c_int {
        match self {
            Self::New(mode) => libc::IPC_CREAT | libc::IPC_EXCL | mode as libc::c_int,
            Self::Existing => 0,
        }
    }
}

impl Argument for Key {
    fn spell(&self, _: Spelling) -> String {
        self.0.map_or_else(|| "IPC_PRIVATE".to_owned(), |number| format!("{number:#x}"))
    }
}

impl Argument for Wanted {
    fn spell(&self, _: Spelling) -> String {
        match self {
            Self::New(mode) => format!("IPC_CREAT|IPC_EXCL|{mode:04o}"),
            Self::Existing => "000".to_owned(),
        }
    }
}

impl Argument for IpcId {
    fn spell(&self, spelling: Spelling) -> String {
        if spelling.rehearsing { "ID".to_owned() } else { self.0.to_string() }
    }
}

impl Answer for IpcId {
    fn rehearsed() -> Self {
        Self(0)
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(self, spelling)
    }
}

/// The value of a semaphore.
struct Value(i32);

impl Answer for Value {
    fn rehearsed() -> Self {
        Self(0)
    }

    fn spell(&self, _: Spelling) -> String {
        self.0.to_string()
    }
}
