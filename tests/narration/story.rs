//! Which calls belong to the story, and comparing two tellings of it.

use super::call::Call;

/// Every call that the door has a method for. Each must be told, wherever it is made.
const ALWAYS: [&str; 56] = [
    "chdir",
    "chmod",
    "chroot",
    "clone",
    "clone3",
    "close_range",
    "dup2",
    "execve",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fork",
    "fsconfig",
    "fsetxattr",
    "fsmount",
    "fsopen",
    "kill",
    "lchown",
    "linkat",
    "lsetxattr",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "mq_open",
    "mq_unlink",
    "msgctl",
    "msgget",
    "open_tree",
    "pidfd_send_signal",
    "pivot_root",
    "prctl",
    "rmdir",
    "semctl",
    "semget",
    "semop",
    "setdomainname",
    "setgroups",
    "sethostname",
    "setns",
    "setresgid",
    "setresuid",
    "setsid",
    "shmctl",
    "shmget",
    "symlink",
    "symlinkat",
    "umask",
    "umount2",
    "unlink",
    "unshare",
];

/// Calls that every program makes for other reasons too: told where they matter, as `must_be_told` has it.
const SOMETIMES: [&str; 18] = [
    "pidfd_open",
    "rename",
    "fcntl",
    "ioctl",
    "openat",
    "openat2",
    "recvfrom",
    "recvmsg",
    "rt_sigprocmask",
    "sendmsg",
    "sendto",
    "socket",
    "wait4",
    "write",
    "unlinkat",
    "utimensat",
    "signalfd4",
    "close_range",
];

/// Requests of ioctl(2) that matter. The others ask whether something is a terminal, and how large.
const REQUESTS: [&str; 9] = [
    "SIOCSIFFLAGS",
    "NS_GET_NSTYPE",
    "NS_GET_USERNS",
    "NS_GET_PARENT",
    "NS_GET_OWNER_UID",
    "TIOCSPTLCK",
    "TIOCGPTPEER",
    "TIOCSCTTY",
    "TIOCNOTTY",
];

/// What strace is to look at.
pub fn names() -> Vec<&'static str> {
    ALWAYS.iter().chain(&SOMETIMES).copied().collect()
}

fn must_be_told(call: &Call) -> bool {
    let argument = |at: usize| call.arguments.get(at).map_or("", String::as_str);
    match call.name.as_str() {
        "write" => ["</proc/", "</sys/"].iter().any(|place| argument(0).contains(place)),
        "ioctl" => REQUESTS.contains(&argument(1)),
        // PID 1 reaps orphans for as long as it lives; who they are is nobody's plan.
        "wait4" => argument(0) != "-1",
        name => ALWAYS.contains(&name) && !is_a_note(call),
    }
}

/// What boxwright notes about its containers, and takes away with them, is no request to the kernel that anybody would learn
/// from: files below BOXWRIGHT_HOME, which `room` calls "boxes".
fn is_a_note(call: &Call) -> bool {
    const FILES: [&str; 5] = ["mkdir", "rmdir", "unlink", "unlinkat", "chmod"];
    FILES.contains(&call.name.as_str()) && call.arguments.iter().any(|argument| argument.contains("/boxes"))
}

/// The first place at which two tellings differ.
pub fn difference(told: &[Call], made: &[Call]) -> Option<String> {
    let mut told = told.iter().peekable();
    let mut last = "the beginning".to_owned();
    for call in made {
        match told.peek() {
            Some(next) if *next == call => {
                last = call.line();
                told.next();
            }
            next if must_be_told(call) => {
                let next = next.map_or_else(|| "nothing".to_owned(), |next| next.line());
                return Some(format!("after {last}\n  made: {}\n  told: {next}", call.line()));
            }
            _ => {}
        }
    }
    told.next().map(|next| {
        let alike = made.iter().filter(|call| call.name == next.name).map(Call::line).collect::<Vec<_>>();
        format!("after {last}\n  told: {}\n  made: no such call; of that name: {alike:#?}", next.line())
    })
}
