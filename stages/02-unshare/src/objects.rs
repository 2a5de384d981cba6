//! One object of each kind that an IPC namespace hides: to be seen on one side of the wall, and missed on the other.

use std::fmt::Write;

use anyhow::{Context, Result};
use groundwork::kernel::{IpcId, Key, Wanted};
use groundwork::refusal::WithHint;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;

/// By what the objects are found: any process of the IPC namespace that knows these finds them.
#[derive(Clone, Debug)]
pub struct Names {
    /// The key of the System V objects.
    pub key: i32,
    /// The name of the POSIX message queue, without the "/" before it.
    pub queue: String,
}

/// Readable and writable for their owner.
const MODE: u32 = 0o600;
/// Bytes of shared memory: one page.
const SIZE: usize = 4096;

// ANCHOR: make
/// Makes a System V message queue, a segment of shared memory and a POSIX message queue. All, or none.
///
/// # Errors
/// EEXIST when one of them is there already.
pub fn make(kernel: &Kernel, names: &Names) -> Result<()> {
    let new = Wanted::New(MODE);
    let key = Key(Some(names.key));
    let taken = "remove what is there with `ipc-objects remove`, or choose another --key and --queue";
    let queue = kernel.because("a message queue: found by its key, and by no path").msgget(key, new).hint(taken)?;
    let memory = kernel.because("shared memory: found by its key, which counts anew for each kind");
    let memory = memory.shmget(key, SIZE, new).hint(taken).inspect_err(|_| drop(forget_queue(kernel, queue)))?;
    let posix = kernel.because("a POSIX message queue has a name like a path, and lies in no directory of the root");
    posix.mq_open(&names.queue, new).map(drop).hint(taken).inspect_err(|_| {
        let _ = forget_memory(kernel, memory).and(forget_queue(kernel, queue));
    })
}
// ANCHOR_END: make

/// Removes those of them that are there.
///
/// # Errors
/// EPERM for someone else's.
pub fn remove(kernel: &Kernel, names: &Names) -> Result<()> {
    let key = Key(Some(names.key));
    let queue = kernel.because("an object is removed by its number, so it must be found first");
    if let Some(queue) = if_there(queue.msgget(key, Wanted::Existing))? {
        forget_queue(kernel, queue)?;
    }
    let memory = kernel.because("the same for the shared memory").shmget(key, 0, Wanted::Existing);
    if let Some(memory) = if_there(memory)? {
        forget_memory(kernel, memory)?;
    }
    let posix = kernel.because("a POSIX queue is removed by its name").mq_unlink(&names.queue);
    if_there(posix).map(drop)
}

fn forget_queue(kernel: &Kernel, queue: IpcId) -> Result<()> {
    kernel.because("it would outlive every process of its IPC namespace").msgctl_rmid(queue)
}

fn forget_memory(kernel: &Kernel, memory: IpcId) -> Result<()> {
    kernel.because("it would outlive every process of its IPC namespace").shmctl_rmid(memory)
}

// ANCHOR: list
/// What can be found from here: every System V object of this IPC namespace, and the POSIX queue of that name.
///
/// # Errors
/// /proc is not mounted, or the kernel has no System V objects.
pub fn list(kernel: &Kernel, names: &Names) -> Result<String> {
    let mut list = format!("{:<20} {:>12} {:>6}\n", "KIND", "KEY OR NAME", "ID");
    // Whoever reads these files sees the objects of their own namespace, whoever mounted /proc.
    for (kind, file) in [("message queue", "msg"), ("shared memory", "shm"), ("semaphores", "sem")] {
        for (key, id) in system_v(file)? {
            let _ = writeln!(list, "{kind:<20} {key:>#12x} {id:>6}");
        }
    }
    let posix = kernel.because("without a mount of mqueue nobody lists these queues: one asks for them by name");
    if is_there(posix.mq_open(&names.queue, Wanted::Existing))? && !kernel.is_rehearsing() {
        let _ = writeln!(list, "{:<20} {:>12} {:>6}", "POSIX message queue", format!("/{}", names.queue), "-");
    }
    Ok(list)
}
// ANCHOR_END: list

fn system_v(file: &str) -> Result<Vec<(i32, i32)>> {
    let path = format!("/proc/sysvipc/{file}");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}; is /proc mounted?"))?;
    Ok(parse(&text))
}

/// Key and number of each line but the first, which names the columns: see proc_sysvipc(5).
fn parse(text: &str) -> Vec<(i32, i32)> {
    let line = |line: &str| {
        let mut fields = line.split_whitespace().map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    text.lines().skip(1).filter_map(line).collect()
}

/// EACCES: it is there, and someone else's.
fn is_there<T>(answer: Result<T>) -> Result<bool> {
    match answer {
        Err(error) if Refused::errno_of(&error) == Some(Errno::EACCES) => Ok(true),
        answer => Ok(if_there(answer)?.is_some()),
    }
}

fn if_there<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ENOENT) => Ok(None),
        answer => answer.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_but_the_first_is_an_object() {
        let text = "       key      msqid perms\n   6451064         32   600\n        -1          0   600\n";
        assert_eq!(parse(text), [(6_451_064, 32), (-1, 0)]);
        assert_eq!(parse("       key      msqid perms\n"), []);
    }
}
