//! `cgroupns-1`: a cgroup that counts as "/".

use super::super::look::{STAYS, arrives};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

/// Makes a cgroup of the name in $1 in the first hierarchy that lets processes in at once, and says where.
const MAKE: &str = "while read -r _ _ _ _ at rest; do \
                    case $rest in *' - cgroup'*) ;; *) continue;; esac; \
                    mkdir $at/$1 2>/dev/null || continue; \
                    if (echo 0 > $at/$1/cgroup.procs) 2>/dev/null; then echo $at; break; fi; rmdir $at/$1; \
                    done < /proc/self/mountinfo";

pub(super) fn own_root(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("cell"), bench.nonce("here"));
    let made = bench.call("/bin/sh", ["-c", MAKE, "sh", name.as_str()]).as_root().run()?;
    let hierarchy = made.output.trim().to_owned();
    // Where this user may make none, the sandbox's own has to do.
    let join = if hierarchy.is_empty() { String::new() } else { format!("echo $$ > {hierarchy}/{name}/cgroup.procs;") };
    let script =
        format!("{join} exec {} -- sh -c 'cat /proc/self/cgroup; {STAYS}' {word}", bench.program("unshare-cgroup"));
    let mut running = bench.call("/bin/sh", ["-c", script.as_str()]).as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |said| said.contains("cgroup.procs").then_some("moved"))?;
    let seen = running.so_far();
    let from_outside = inside.read("cgroup");
    checks
        .check("the command has a cgroup namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/cgroup is {}, outside {}",
            inside.namespace("cgroup").unwrap_or_default(),
            bench.host().namespace("cgroup").unwrap_or_default()
        ))
        .means("/proc/PID/cgroup tells the command where on the host it is, and who else is there")
        .mistake_if(!inside.shares("mnt", bench.host()), "mounts-instead")
        .mistake("no-namespace")
        .must(!inside.shares("cgroup", bench.host()))?;
    checks
        .check("it is in the cgroup that it was in before")
        .did(running.command())
        .saw(format!("seen from outside, /proc/PID/cgroup has no {name}: {from_outside}"))
        .means("whoever leaves a cgroup leaves its limits; a namespace changes names, and moves nobody")
        .mistake("moved")
        .must(hierarchy.is_empty() || from_outside.contains(&name))?;
    let lines: Vec<_> = seen.lines().filter(|line| line.contains(":/")).collect();
    checks
        .check("and sees it as /")
        .did(running.command())
        .saw(lines.join("\n"))
        .means("the root is the cgroup in which the process was at that moment")
        .also(!lines.is_empty() && lines.iter().all(|line| line.ends_with(":/")) && !seen.contains(&name));
    running.end();
    if !hierarchy.is_empty() {
        bench.shell(Who::Root, &format!("rmdir {hierarchy}/{name}"))?;
    }
    let ran = bench.run("unshare-cgroup", ["--", "sh", "-c", "exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-cgroup makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7));
    Ok(())
}
