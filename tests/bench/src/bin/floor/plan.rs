//! What is to be done, with every string in the form in which the kernel takes it: after the clone nothing is allocated.

use std::ffi::{CString, c_char};

use rustix::io::Errno;

use crate::overlay::Overlay;
use crate::wall::{ALL, Wall};
use crate::{Failed, raw};

/// A program with its arguments and its environment, as execve(2) takes them.
pub(crate) struct Program {
    words: Vec<CString>,
    pointers: Vec<*const c_char>,
}

/// A container.
pub(crate) struct Plan {
    walls: Vec<Wall>,
    pub(crate) has_user: bool,
    /// Who the user namespace's root is outside: `0 1000 1`.
    pub(crate) maps: [String; 2],
    pub(crate) cgroup: Option<CString>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) is_detached: bool,
    pub(crate) root: CString,
    pub(crate) program: Program,
}

/// What the program finds in its environment, here as in the configuration that the runtimes get.
const ENVIRONMENT: &std::ffi::CStr = c"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const USAGE: Failed = Failed("usage: floor [OPTION…] ROOT PROGRAM [ARGUMENT…]", Errno::INVAL);

impl Program {
    pub(crate) fn new(words: &[String]) -> Result<Self, Failed> {
        let words: Vec<_> = words.iter().map(|word| text(word)).collect::<Result<_, _>>()?;
        let ends = std::iter::once(std::ptr::null());
        let pointers = words.iter().map(|word| word.as_ptr()).chain(ends).collect();
        if words.is_empty() { Err(USAGE) } else { Ok(Self { words, pointers }) }
    }

    /// Becomes the program.
    pub(crate) fn execve(&self) -> Errno {
        raw::execve(&self.words[0], &self.pointers, &[ENVIRONMENT.as_ptr(), std::ptr::null()])
    }
}

impl Plan {
    pub(crate) fn read(words: &[String]) -> Result<Self, Failed> {
        let (mut without, mut layers, mut cgroup) = (Vec::new(), None, None);
        let (mut has_user, mut is_detached) = (false, false);
        let mut rest = words.iter();
        while let Some(option) = rest.as_slice().first().filter(|word| word.starts_with("--")) {
            rest.next();
            let mut value = || rest.next().ok_or(USAGE);
            match option.as_str() {
                "--without" => {
                    without =
                        value()?.split(',').map(|name| Wall::named(name).ok_or(USAGE)).collect::<Result<_, _>>()?
                }
                "--cgroup" => cgroup = Some(text(value()?)?),
                "--layers" => layers = Some(value()?.clone()),
                "--user" => has_user = true,
                "--detach" => is_detached = true,
                _ => return Err(USAGE),
            }
        }
        let [root, program @ ..] = rest.as_slice() else { return Err(USAGE) };
        let walls = ALL.iter().map(|(wall, _)| *wall).filter(|wall| !without.contains(wall)).collect();
        Ok(Self {
            walls,
            has_user,
            maps: maps(),
            cgroup,
            overlay: layers.map(|layers| Overlay::read(&layers, root, has_user)).transpose()?,
            is_detached,
            root: text(root)?,
            program: Program::new(program)?,
        })
    }

    pub(crate) fn has(&self, wall: Wall) -> bool {
        self.walls.contains(&wall)
    }

    /// What the child is born into. Its cgroup namespace is not among it when it is also born into a cgroup: the
    /// namespace would begin where the parent is, see cgroup_namespaces(7).
    pub(crate) fn namespaces(&self) -> u64 {
        let born = self.walls.iter().filter(|wall| **wall != Wall::Cgroup || self.cgroup.is_none());
        born.fold(if self.has_user { raw::NEW_USER } else { 0 }, |all, wall| all | wall.namespace())
    }
}

/// Our own ids outside, as root inside.
fn maps() -> [String; 2] {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    [format!("0 {} 1\n", user.as_raw()), format!("0 {} 1\n", group.as_raw())]
}

pub(crate) fn text(word: &str) -> Result<CString, Failed> {
    CString::new(word).map_err(|_| USAGE)
}
