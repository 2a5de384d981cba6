//! Flags: each bit by its name, joined by `|`, as strace(1) writes them.

use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;

use crate::arguments::{Argument, Spelling};

macro_rules! flags {
    ($($kind:ty),*) => {$(
        impl Argument for $kind {
            fn spell(&self, _: Spelling) -> String {
                let known: Vec<_> = self.iter_names().map(|(name, _)| name.to_owned()).collect();
                join_flags(known, u64::from(self.bits() as u32), u64::from(self.iter_names().fold(0, |all, (_, one)| all | one.bits()) as u32))
            }
        }
    )*};
}

flags!(MsFlags, MntFlags);

impl Argument for CloneFlags {
    fn spell(&self, _: Spelling) -> String {
        let mut known: Vec<_> = self.iter_names().map(|(name, _)| name.to_owned()).collect();
        let mut told = self.iter_names().fold(0, |all, (_, one)| all | one.bits());
        // nix 0.31 has no name for it: the bit lies where clone(2) keeps its exit signal.
        if self.bits() & nix::libc::CLONE_NEWTIME != 0 {
            known.push("CLONE_NEWTIME".to_owned());
            told |= nix::libc::CLONE_NEWTIME;
        }
        join_flags(known, u64::from(self.bits() as u32), u64::from(told as u32))
    }
}

fn join_flags(mut names: Vec<String>, all: u64, told: u64) -> String {
    if all & !told != 0 {
        names.push(format!("{:#x}", all & !told));
    }
    if names.is_empty() { "0".to_owned() } else { names.join("|") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: Spelling = Spelling { rehearsing: false };

    #[test]
    fn flags_bear_their_names() {
        assert_eq!((MsFlags::MS_REC | MsFlags::MS_PRIVATE).spell(TRUE), "MS_REC|MS_PRIVATE");
        assert_eq!(MsFlags::empty().spell(TRUE), "0");
        let time = CloneFlags::from_bits_retain(nix::libc::CLONE_NEWTIME);
        assert_eq!((time | CloneFlags::CLONE_NEWNET).spell(TRUE), "CLONE_NEWNET|CLONE_NEWTIME");
    }
}
