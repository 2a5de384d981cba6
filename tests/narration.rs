//! What is told is what happens: `--explain` beside `strace -f` of the same run, call by call, argument by argument, result
//! by result; the trace file beside both; and `--rehearse` beside `--explain`.

mod call;
mod examples;
mod normal;
mod rehearsal;
mod story;
mod trace;

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::{Ran, Room, program};

use call::Call;
use examples::{Example, Examples};

/// One run, as it was told and as it was made, process by process.
struct Run {
    example: Example,
    ran: Ran,
    processes: BTreeMap<u32, Process>,
    trace: String,
}

#[derive(Default)]
struct Process {
    told: Vec<Call>,
    made: Vec<Call>,
}

impl Run {
    /// Runs an example below strace, which sees also what the example writes: each line of the narration is there, between
    /// the calls of the process that wrote it.
    fn traced(room: &Room, example: Example) -> Self {
        let (seen, trace) = (room.path("strace"), room.path("trace"));
        let calls = format!(
            "trace=write,{}",
            story::names().iter().map(|name| format!("?{name}")).collect::<Vec<_>>().join(",")
        );
        let mut words: Vec<_> = ["-f", "-y", "-s", "1000000", "-o"].map(str::to_owned).to_vec();
        words.extend([seen.display().to_string(), "-e".to_owned(), calls]);
        words.push(program(example.program).display().to_string());
        words.extend(example.words(&["--explain", "--trace", trace.to_str().expect("paths are UTF-8")]));
        let ran = plainly(room, "/usr/bin/strace", words);
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        Self { processes: processes(&read(&seen)), trace: read(&trace), example, ran }
    }

    /// Runs it alone: there is only what was told.
    fn untraced(room: &Room, example: Example) -> Self {
        let ran = plainly(room, example.program, example.words(&["--explain"]));
        Self { processes: BTreeMap::new(), trace: String::new(), example, ran }
    }

    /// What was made and not told, and the other way round.
    fn differences(&self) -> Vec<String> {
        let each = self.processes.iter();
        each.filter_map(|(pid, process)| {
            story::difference(&process.told, &process.made).map(|words| format!("process {pid}: {words}"))
        })
        .collect()
    }
}

fn plainly(room: &Room, program: &str, words: Vec<String>) -> Ran {
    let mut command = room.command(program, words);
    command.env("NO_COLOR", "1");
    crate::harness::Running::start(command).end()
}

fn processes(seen: &str) -> BTreeMap<u32, Process> {
    let mut processes = BTreeMap::<u32, Process>::new();
    let mut is_another_program = std::collections::BTreeSet::new();
    let mut births = BTreeMap::new();
    let mut is_first = true;
    for (pid, call) in call::seen(seen) {
        processes.entry(pid).or_default();
        // The first call of all is strace's own, with which it becomes the program.
        if std::mem::take(&mut is_first) || is_another_program.contains(&pid) {
            continue;
        }
        for told in call.written_to_stderr().iter().flat_map(|words| call::told(words)) {
            // While its parent sleeps, a child tells for it of its own birth: what the parent had told by then.
            if told.born() == Some(pid) {
                let so_far: BTreeMap<_, _> = processes.iter().map(|(pid, one)| (*pid, one.told.len())).collect();
                births.insert(pid, (told, so_far));
            } else {
                processes.entry(pid).or_default().told.push(told);
            }
        }
        let process = processes.entry(pid).or_default();
        if let Some((told, so_far)) = call.born().and_then(|child| births.remove(&child)) {
            process.told.insert(so_far[&pid], told);
        }
        if call.name == "execve" && call.answer.as_deref() == Some("0") {
            is_another_program.insert(pid);
        }
        process.made.extend(normal::made(call));
    }
    for process in processes.values_mut() {
        process.told = normal::told(std::mem::take(&mut process.told));
    }
    processes
}

fn is_as_told(room: &Room, Examples { lines, beside }: Examples, is_traced: bool) {
    let mut complaints = Vec::new();
    for example in lines {
        let rehearsed = rehearsal::rehearse(room, &example);
        let run = if is_traced { Run::traced(room, example) } else { Run::untraced(room, example) };
        let shown = run.example.shown();
        let expected = run.example.status;
        if run.ran.status() != expected {
            let words = run.ran.stderr().lines().last().unwrap_or_default().to_owned();
            complaints.push(format!("{shown}: status {} and not {expected}: {words}", run.ran.status()));
        }
        complaints.extend(run.differences().into_iter().map(|words| format!("{shown}: {words}")));
        complaints.extend(rehearsal::difference(&rehearsed, &run).map(|words| format!("{shown}: rehearsed: {words}")));
        complaints.extend(trace::complaints(&run).into_iter().map(|words| format!("{shown}: trace: {words}")));
    }
    drop(beside);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Each stage with what its examples need, and what they need below strace too. Where that is missing, the rehearsal is
/// compared all the same. The init of a container is closed to whoever would look into it, so only root's strace can.
macro_rules! stages {
    ($($stage:ident $needs:tt traced [$($traced:ident),*]),* $(,)?) => {$(
        #[test]
        fn $stage() {
            needs! $needs;
            let is_traced = crate::harness::are_met(name!(), &[$(crate::harness::Need::$traced),*]);
            let room = room!();
            is_as_told(&room, examples::$stage(&room), is_traced);
        }
    )*};
}

#[test]
fn objects() {
    needs!(UserNamespaces, Strace);
    let room = Room::alone(name!());
    is_as_told(&room, examples::objects(&room), true);
}

stages! {
    chroot (UserNamespaces) traced [Strace],
    unshare (UserNamespaces, TimeNamespace) traced [Strace],
    nsfs (UserNamespaces) traced [Strace],
    pivot (UserNamespaces, PivotRoot) traced [Strace, SingleId],
    overlay (UserNamespaces, PivotRoot, Overlayfs) traced [Strace, SingleId],
    cgroup (PidsLimit, MemoryLimit, Freeze) traced [Strace],
    run (UserNamespaces, PivotRoot, Overlayfs) traced [Strace, Root],
    walls (UserNamespaces, PivotRoot, Overlayfs, PidsLimit, MemoryLimit, Freeze) traced [Strace, Root],
}
