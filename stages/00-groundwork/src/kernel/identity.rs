//! Who a process is, and what it may still become.

use anyhow::Result;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

use crate::arguments::{Argument, Bare, Spelling};
use crate::kernel::{Answer, Because};

impl Because<'_> {
    /// setresuid(2): real, effective and saved user id.
    ///
    /// # Errors
    /// EINVAL for an id that the user namespace does not map; EPERM without CAP_SETUID.
    pub fn setresuid(self, id: Uid) -> Result<()> {
        self.ask("setresuid", &[&id, &id, &id], || nix::unistd::setresuid(id, id, id))
    }

    /// setresgid(2): real, effective and saved group id.
    ///
    /// # Errors
    /// EINVAL for an id that the user namespace does not map; EPERM without CAP_SETGID.
    pub fn setresgid(self, id: Gid) -> Result<()> {
        self.ask("setresgid", &[&id, &id, &id], || nix::unistd::setresgid(id, id, id))
    }

    /// setgroups(2): the supplementary groups.
    ///
    /// # Errors
    /// EPERM where /proc/PID/setgroups says `deny`, before gid_map is written, or without CAP_SETGID.
    pub fn setgroups(self, groups: &[Gid]) -> Result<()> {
        self.ask("setgroups", &[&groups.len(), &Groups(groups)], || nix::unistd::setgroups(groups))
    }

    /// umask(2): which permission bits a new file never gets.
    ///
    /// # Errors
    /// None.
    pub fn umask(self, mask: u32) -> Result<u32> {
        let kernel = self.kernel;
        let before = kernel.rehearsed_mask.replace(mask);
        let made = if kernel.is_rehearsing() {
            before
        } else {
            nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(mask)).bits()
        };
        self.answered("umask", &[&Bare(format!("{mask:03o}"))], Ok(Mask(made))).map(|before| before.0)
    }

    /// setsid(2): lead a session of one's own, without a terminal. The session bears the number of its leader.
    ///
    /// # Errors
    /// EPERM for the leader of a process group.
    pub fn setsid(self) -> Result<Pid> {
        self.ask("setsid", &[], nix::unistd::setsid)
    }

    /// prctl(2), PR_SET_PDEATHSIG: the signal to get when the parent dies. Lost when ids change.
    ///
    /// # Errors
    /// None for a valid signal.
    pub fn prctl_set_pdeathsig(self, signal: Signal) -> Result<()> {
        self.ask("prctl", &[&Bare("PR_SET_PDEATHSIG"), &signal], || nix::sys::prctl::set_pdeathsig(signal))
    }

    /// prctl(2), PR_SET_PDEATHSIG: no signal when the parent dies.
    ///
    /// # Errors
    /// None.
    pub fn prctl_clear_pdeathsig(self) -> Result<()> {
        self.ask("prctl", &[&Bare("PR_SET_PDEATHSIG"), &Bare("0")], || nix::sys::prctl::set_pdeathsig(None))
    }

    /// prctl(2), PR_SET_DUMPABLE: without it, /proc/PID shows what this process has open, and its file, to nobody who has not
    /// CAP_SYS_PTRACE over the namespace that it was started in. execve(2) gives it back.
    ///
    /// # Errors
    /// None.
    pub fn prctl_set_undumpable(self) -> Result<()> {
        let words: &[&dyn Argument] = &[&Bare("PR_SET_DUMPABLE"), &Bare("SUID_DUMP_DISABLE")];
        self.ask("prctl", words, || nix::sys::prctl::set_dumpable(false))
    }

    /// prctl(2), PR_SET_DUMPABLE: takes [`Because::prctl_set_undumpable`] back.
    ///
    /// # Errors
    /// None.
    pub fn prctl_set_dumpable(self) -> Result<()> {
        let words: &[&dyn Argument] = &[&Bare("PR_SET_DUMPABLE"), &Bare("SUID_DUMP_USER")];
        self.ask("prctl", words, || nix::sys::prctl::set_dumpable(true))
    }

    /// prctl(2), PR_SET_NO_NEW_PRIVS: execve(2) never again raises privileges.
    ///
    /// # Errors
    /// EINVAL before Linux 3.5.
    pub fn prctl_set_no_new_privs(self) -> Result<()> {
        let zero = Bare("0");
        let words: &[&dyn Argument] = &[&Bare("PR_SET_NO_NEW_PRIVS"), &Bare("1"), &zero, &zero, &zero];
        self.ask("prctl", words, nix::sys::prctl::set_no_new_privs)
    }

    /// prctl(2), PR_SET_CHILD_SUBREAPER: orphans below this process become its children.
    ///
    /// # Errors
    /// EINVAL before Linux 3.4.
    pub fn prctl_set_child_subreaper(self) -> Result<()> {
        let words: &[&dyn Argument] = &[&Bare("PR_SET_CHILD_SUBREAPER"), &Bare("1")];
        self.ask("prctl", words, || nix::sys::prctl::set_child_subreaper(true))
    }
}

struct Groups<'a>(&'a [Gid]);

impl Argument for Groups<'_> {
    fn spell(&self, _: Spelling) -> String {
        let ids: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        format!("[{}]", ids.join(", "))
    }
}

/// The mask before.
struct Mask(u32);

impl Answer for Mask {
    fn rehearsed() -> Self {
        unreachable!("a rehearsal remembers the mask itself")
    }

    fn spell(&self, _: Spelling) -> String {
        format!("{:03o}", self.0)
    }
}

impl Answer for Pid {
    /// Any: a rehearsal writes the word PID for it.
    fn rehearsed() -> Self {
        Self::from_raw(1)
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(self, spelling)
    }
}
