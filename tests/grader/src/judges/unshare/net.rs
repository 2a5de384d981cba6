//! `net-1`: a network of one's own.

use super::super::look::arrives;
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;

/// The program in $0, on a host whose lo has never been up: so it can be seen whose lo is brought up.
const DOWN: &str = r#"exec unshare -n /bin/sh -c '"$0" -- sh -c "echo \$0; read end" "$1"; exit $?' "$0" "$1""#;

pub(super) fn own_network(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let program = bench.program("unshare-net");
    let mut running = bench.call("/bin/sh", ["-c", DOWN, program.as_str(), word.as_str()]).as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let outside = running.process().unwrap_or(bench.host());
    let is_up = answers(outside);
    checks
        .check("the command has a network namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/net is {}, outside {}",
            inside.namespace("net").unwrap_or_default(),
            outside.namespace("net").unwrap_or_default()
        ))
        .means("devices, addresses, routes and ports are the host's")
        .mistake("no-namespace")
        .must(!inside.shares("net", outside))?;
    checks
        .check("inside, 127.0.0.1 answers")
        .worth(2)
        .did(running.command())
        .saw(format!("the local addresses of the namespace, in /proc/PID/net/fib_trie: {}", locals(inside)))
        .means("a new network namespace has one device, lo, and it is down")
        .mistake_if(is_up, "lo-first")
        .mistake("lo-down")
        .must(answers(inside))?;
    checks
        .check("there is no other device")
        .did(running.command())
        .saw(inside.read("net/dev"))
        .means("a device is in one network namespace only; who moves one in takes it from somebody")
        .also(devices(inside) == ["lo"]);
    checks
        .check("the lo outside is as it was: down")
        .did(running.command())
        .saw(format!("the local addresses outside: {}", locals(outside)))
        .means("it was the device outside that was brought up")
        .mistake("lo-first")
        .also(!is_up);
    running.end();
    let ran = bench.run("unshare-net", ["--", "sh", "-c", "cat /proc/net/fib_trie; exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-net makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7) && ran.output.contains("127.0.0.1"));
    Ok(())
}

/// True when its network namespace has the address that a device gets by being up.
fn answers(process: Process) -> bool {
    process.read("net/fib_trie").contains("127.0.0.1")
}

fn locals(process: Process) -> String {
    let text = process.read("net/fib_trie");
    let addresses: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("|-- ")).collect();
    if addresses.is_empty() { "none".to_owned() } else { addresses.join(" ") }
}

fn devices(process: Process) -> Vec<String> {
    let text = process.read("net/dev");
    text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}
