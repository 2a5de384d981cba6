//! `exec`: another process in a container that runs.

use anyhow::Result;

use super::Bench;
use super::detached::Kind;
use crate::contender::Contender;
use crate::peers::which;
use crate::report::Table;
use crate::turns;
use crate::user::User;

const NAME: &str = "exec";

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let kinds = Kind::all(bench, &["boxwright", "floor", "crun", "runc", "youki"])?;
    let (mut contenders, mut notes) = (Vec::new(), Vec::new());
    for kind in &kinds {
        match start(kind) {
            Ok(all) => contenders.extend(all),
            Err(error) => notes.push(format!("left out: {error:#}")),
        }
    }
    let turns = turns::take("exec", contenders, bench.rounds);
    for kind in &kinds {
        // What could not be started cannot be removed either.
        let _ = kind.remove(&[NAME.to_owned()])?.run();
    }
    let variant = match (User::Self_.is_root(), bench.has_cgroups) {
        (true, true) => "root, with a cgroup",
        (true, false) => "root, no cgroup",
        _ => "ordinary user, no cgroup",
    };
    let mut table = Table::of_turns("exec", variant, &turns?, &["crun", "floor"]);
    table.notes.extend(notes);
    table.notes.push("nsenter joins no cgroup".to_owned());
    Ok(vec![table])
}

/// Starts a container, and gives the commands that enter it: its own one, and for the floor's nsenter(1) too.
fn start(kind: &Kind) -> Result<Vec<Contender>> {
    let (_, said) = kind.start(NAME)?.answer()?;
    let pid = said.trim();
    Ok(match kind.name {
        "boxwright" => vec![kind.command(&["exec", NAME, "--", "/bin/true"])?],
        "floor" => {
            let cgroup = kind.cgroup(NAME).unwrap_or_else(|| "-".to_owned());
            let mut all = vec![kind.command(&["exec", pid, &cgroup, "/bin/true"])?];
            all.extend(which("nsenter").map(|_| nsenter(pid)));
            all
        }
        _ => vec![kind.command(&["exec", NAME, "/bin/true"])?],
    })
}

fn nsenter(pid: &str) -> Contender {
    let mut words = vec!["nsenter", "--target", pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
    words.extend((!User::Self_.is_root()).then_some(["--user", "--preserve-credentials"]).into_iter().flatten());
    words.push("/bin/true");
    Contender::new("nsenter", &words)
}
