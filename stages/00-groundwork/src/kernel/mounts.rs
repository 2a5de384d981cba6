//! mount(2) and its kin: what is seen where.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags};

use crate::arguments::{Argument, Bare};
use crate::kernel::Because;

impl Because<'_> {
    /// mount(2): attach a file system, or change how an attached one behaves.
    ///
    /// # Errors
    /// EPERM without CAP_SYS_ADMIN in the user namespace that owns the mount namespace; EINVAL for flags that exclude
    /// each other; ENOENT for a missing target; EBUSY for a remount with open files.
    pub fn mount(
        self,
        source: Option<&Path>,
        target: impl AsRef<Path>,
        fstype: Option<&str>,
        flags: MsFlags,
        data: Option<&str>,
    ) -> Result<()> {
        let target = target.as_ref();
        self.ask("mount", &[&source, &target, &fstype, &flags, &data], || {
            nix::mount::mount(source, target, fstype, flags, data)
        })
    }

    /// umount2(2): detach a mount.
    ///
    /// # Errors
    /// EINVAL when `target` is no mount point, or one that came with a less privileged namespace; EBUSY while in use,
    /// unless MNT_DETACH is given.
    pub fn umount2(self, target: impl AsRef<Path>, flags: MntFlags) -> Result<()> {
        let target = target.as_ref();
        self.ask("umount2", &[&target, &flags], || nix::mount::umount2(target, flags))
    }

    /// pivot_root(2): make the mount at `new_root` the root mount, and move the old root to `put_old`.
    ///
    /// # Errors
    /// EINVAL when `new_root` is no mount point, when a mount above it is shared, or when the present root is the
    /// initial ramfs, which cannot be moved; EBUSY when `new_root` lies on the present root mount.
    pub fn pivot_root(self, new_root: impl AsRef<Path>, put_old: impl AsRef<Path>) -> Result<()> {
        let (new_root, put_old) = (new_root.as_ref(), put_old.as_ref());
        self.ask("pivot_root", &[&new_root, &put_old], || nix::unistd::pivot_root(new_root, put_old))
    }

    /// chroot(2): start paths that begin with "/" at `directory` from now on.
    ///
    /// # Errors
    /// EPERM without CAP_SYS_CHROOT; ENOENT and ENOTDIR about the directory.
    pub fn chroot(self, directory: impl AsRef<Path>) -> Result<()> {
        let directory = directory.as_ref();
        if self.kernel.is_rehearsing() {
            self.kernel.rehearse_root(self.kernel.look_up(directory).into_iter().collect());
        }
        self.ask("chroot", &[&directory], || nix::unistd::chroot(directory))
    }

    /// chdir(2): start paths that do not begin with "/" at `directory` from now on.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR and EACCES about the directory.
    pub fn chdir(self, directory: impl AsRef<Path>) -> Result<()> {
        let directory = directory.as_ref();
        self.ask("chdir", &[&directory], || nix::unistd::chdir(directory))
    }

    /// fchdir(2): the same with a directory that is already open.
    ///
    /// # Errors
    /// ENOTDIR and EACCES about the directory.
    pub fn fchdir(self, directory: BorrowedFd<'_>) -> Result<()> {
        self.ask("fchdir", &[&directory], || nix::unistd::fchdir(directory))
    }

    /// fsopen(2): begin a file system that is configured step by step. Since Linux 5.2.
    ///
    /// # Errors
    /// ENODEV for a kind that the kernel does not know; EPERM as for [`Because::mount`].
    pub fn fsopen(self, fstype: &str) -> Result<OwnedFd> {
        self.ask("fsopen", &[&fstype, &Bare("FSOPEN_CLOEXEC")], || {
            rustix::mount::fsopen(fstype, FsOpenFlags::FSOPEN_CLOEXEC).map_err(errno)
        })
    }

    /// fsconfig(2), FSCONFIG_SET_STRING: one option of the file system being made.
    ///
    /// # Errors
    /// EINVAL for an option or value that the file system refuses.
    pub fn fsconfig_set_string(self, file_system: BorrowedFd<'_>, key: &str, value: &Path) -> Result<()> {
        self.ask("fsconfig", &[&file_system, &Bare("FSCONFIG_SET_STRING"), &key, &value, &0], || {
            let value = CString::new(value.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
            rustix::mount::fsconfig_set_string(file_system, key, value).map_err(errno)
        })
    }

    /// fsconfig(2), FSCONFIG_SET_FLAG: one option without a value.
    ///
    /// # Errors
    /// EINVAL for an option that the file system refuses.
    pub fn fsconfig_set_flag(self, file_system: BorrowedFd<'_>, key: &str) -> Result<()> {
        self.ask("fsconfig", &[&file_system, &Bare("FSCONFIG_SET_FLAG"), &key, &Bare("NULL"), &0], || {
            rustix::mount::fsconfig_set_flag(file_system, key).map_err(errno)
        })
    }

    /// fsconfig(2), FSCONFIG_CMD_CREATE: make the file system with the options given.
    ///
    /// # Errors
    /// Those that mount(2) gives for this file system.
    pub fn fsconfig_create(self, file_system: BorrowedFd<'_>) -> Result<()> {
        self.ask("fsconfig", &[&file_system, &Bare("FSCONFIG_CMD_CREATE"), &Bare("NULL"), &Bare("NULL"), &0], || {
            rustix::mount::fsconfig_create(file_system).map_err(errno)
        })
    }

    /// fsmount(2): a mount of that file system, attached nowhere yet.
    ///
    /// # Errors
    /// EBUSY before FSCONFIG_CMD_CREATE; EPERM as for [`Because::mount`].
    pub fn fsmount(self, file_system: BorrowedFd<'_>) -> Result<OwnedFd> {
        self.ask("fsmount", &[&file_system, &Bare("FSMOUNT_CLOEXEC"), &Bare("0")], || {
            rustix::mount::fsmount(file_system, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty()).map_err(errno)
        })
    }

    /// open_tree(2), OPEN_TREE_CLONE: a copy of the mounts at `path`, attached nowhere yet: a bind mount in the hand.
    ///
    /// # Errors
    /// ENOENT about the path; EPERM as for [`Because::mount`].
    pub fn open_tree(self, path: impl AsRef<Path>) -> Result<OwnedFd> {
        let path = path.as_ref();
        let flags = "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE";
        self.ask("open_tree", &[&Bare("AT_FDCWD"), &path, &Bare(flags)], || {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
            rustix::mount::open_tree(rustix::fs::CWD, path, flags).map_err(errno)
        })
    }

    /// fsmount(2) with attributes: how the mount is to behave, for example MOUNT_ATTR_NOSUID.
    ///
    /// # Errors
    /// As for [`Because::fsmount`]; EINVAL for attributes that exclude each other.
    pub fn fsmount_with(self, file_system: BorrowedFd<'_>, attributes: MountAttrFlags) -> Result<OwnedFd> {
        let names: Vec<_> = attributes.iter_names().map(|(name, _)| name).collect();
        self.ask("fsmount", &[&file_system, &Bare("FSMOUNT_CLOEXEC"), &Bare(names.join("|"))], || {
            rustix::mount::fsmount(file_system, FsMountFlags::FSMOUNT_CLOEXEC, attributes).map_err(errno)
        })
    }

    /// move_mount(2): attach a mount that is attached nowhere. A symbolic link as target is refused.
    ///
    /// # Errors
    /// ENOENT and ENOTDIR about the target; EINVAL on a symbolic link, on a file when a directory is attached, and on a
    /// target in a mount namespace not one's own.
    pub fn move_mount(self, mount: BorrowedFd<'_>, target: impl AsRef<Path>) -> Result<()> {
        self.move_mount_flags(mount, target.as_ref(), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
    }

    /// move_mount(2), MOVE_MOUNT_T_SYMLINKS: the same, where a symbolic link as target leads.
    ///
    /// # Errors
    /// As for [`Because::move_mount`].
    pub fn move_mount_following(self, mount: BorrowedFd<'_>, target: impl AsRef<Path>) -> Result<()> {
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
        self.move_mount_flags(mount, target.as_ref(), flags)
    }

    fn move_mount_flags(self, mount: BorrowedFd<'_>, target: &Path, flags: MoveMountFlags) -> Result<()> {
        let names: Vec<_> = flags.iter_names().map(|(name, _)| name).collect();
        let names = Bare(names.join("|"));
        self.ask("move_mount", &[&mount, &"", &Bare("AT_FDCWD"), &target, &names], || {
            rustix::mount::move_mount(mount.as_fd(), "", rustix::fs::CWD, target, flags).map_err(errno)
        })
    }

    /// mount_setattr(2), MOUNT_ATTR_RDONLY: forbid writing to a mount, or also to all below it. Since Linux 5.12.
    ///
    /// Unlike a remount, it changes this one attribute: the others may be locked, see mount_namespaces(7).
    ///
    /// # Errors
    /// EINVAL when `path` is no mount point; EPERM as for [`Because::mount`]; EBUSY while files are open for writing.
    pub fn mount_setattr_rdonly(self, path: impl AsRef<Path>, with_all_below: bool) -> Result<()> {
        let (name, flags) = if with_all_below { ("AT_RECURSIVE", libc::AT_RECURSIVE) } else { ("0", 0) };
        self.set_rdonly(None, path.as_ref(), name, flags)
    }

    /// The same for a mount in the hand and all below it, AT_EMPTY_PATH: no path can lead elsewhere.
    ///
    /// # Errors
    /// As for [`Because::mount_setattr_rdonly`].
    pub fn mount_setattr_rdonly_held(self, mount: BorrowedFd<'_>) -> Result<()> {
        let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
        self.set_rdonly(Some(mount), Path::new(""), "AT_EMPTY_PATH|AT_RECURSIVE", flags)
    }

    #[expect(unsafe_code, reason = "no crate has mount_setattr(2); watched by a_read_only_root_refuses_writing")]
    fn set_rdonly(self, mount: Option<BorrowedFd<'_>>, path: &Path, name: &str, flags: libc::c_int) -> Result<()> {
        let here = Bare("AT_FDCWD");
        let whence: &dyn Argument = mount.as_ref().map_or(&here, |mount| mount);
        let change = Bare("{attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0 /* MS_??? */, userns_fd=0}");
        let size = size_of::<libc::mount_attr>();
        self.ask("mount_setattr", &[whence, &path, &Bare(name), &change, &size], || {
            let whence = mount.map_or(libc::AT_FDCWD, |mount| mount.as_raw_fd());
            let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
            let mut change =
                libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
            // SAFETY: the path ends with a NUL byte and `change` is a whole mount_attr of the size named; both outlive
            // the call, and the kernel keeps no reference to them.
            let answer =
                unsafe { libc::syscall(libc::SYS_mount_setattr, whence, path.as_ptr(), flags, &raw mut change, size) };
            Errno::result(answer).map(drop)
        })
    }
}

/// rustix and nix each have their own type for the same number.
pub(crate) fn errno(error: rustix::io::Errno) -> Errno {
    Errno::from_raw(error.raw_os_error())
}
