//! `enter-1`: the user namespace first, or last.

use super::super::look::{STAYS, number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::{Ran, Who};

/// One way to enter: who, what, and what came of it.
struct Way {
    ran: Ran,
    arrived: bool,
}

pub(super) fn in_order(bench: &Bench, checks: &mut Checks) -> Judged {
    let (theirs, roots) = (bench.nonce("theirs"), bench.nonce("roots"));
    let command = |word: &str| ["--", "sh", "-c", STAYS, word].map(str::to_owned).to_vec();
    let clone = [vec!["--kinds".to_owned(), "user,net,uts".to_owned()], command(&theirs)].concat();
    let mut one = bench.call(&bench.reference("clone-into"), clone).start()?;
    let mut other = bench.call(&bench.reference("unshare-net"), command(&roots)).as_root().start()?;
    let (theirs, roots) = (checks.arrives(&mut one, &theirs)?, checks.arrives(&mut other, &roots)?);
    let file = |process: Process, kind: &str| format!("/proc/{}/ns/{kind}", number(bench, process));
    let (user, net, outer) = (file(theirs, "user"), file(theirs, "net"), file(roots, "net"));
    let ways = [
        way(bench, Who::Ordinary, [&user, &net], theirs, theirs)?,
        way(bench, Who::Ordinary, [&net, &user], theirs, theirs)?,
        way(bench, Who::Root, [&user, &outer], theirs, roots)?,
        way(bench, Who::Root, [&outer, &user], theirs, roots)?,
    ];
    let arrived = ways.each_ref().map(|way| way.arrived);
    let names = [
        "an ordinary user goes through their user namespace into the network that it owns",
        "whatever order the files are named in",
        "root goes into a network of the host's, and into a user namespace after it",
        "whatever order the files are named in, here too",
    ];
    let means = [
        "an ordinary user has rights over a namespace in the user namespace that owns it, and nowhere else",
        "root that has entered a user namespace has no rights outside of it any more",
    ];
    for (at, (way, name)) in ways.iter().zip(names).enumerate() {
        checks
            .check(name)
            .did(&way.ran.command)
            .saw(way.ran.in_words())
            .means(means[at / 2])
            .mistake_if(arrived == [false, false, true, true], "user-last")
            .mistake_if(arrived == [true, true, false, false], "user-first")
            .mistake_if(arrived == [true, false, false, true], "as-they-come")
            .mistake_if(arrived == [false, false, false, false], "other-way-round")
            .must(way.arrived)?;
    }
    one.end();
    other.end();
    Ok(())
}

/// Enters two namespaces, and looks from outside whether the command is in them.
fn way(bench: &Bench, who: Who, files: [&str; 2], user: Process, net: Process) -> Judged<Way> {
    let word = bench.nonce("here");
    let call = bench.call("ns-enter", [files[0], files[1], "--", "sh", "-c", STAYS, word.as_str()]);
    let mut running = call.who(who).start()?;
    let said = running.line_with(&word);
    let inside = said.and_then(|_| running.innermost());
    let arrived = inside.is_some_and(|inside| inside.shares("user", user) && inside.shares("net", net));
    Ok(Way { arrived, ran: running.end() })
}
