//! `same-1`: which namespace a process is in, and whether it is the same one.

use serde_json::Value;

use super::super::look::{STAYS, number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Ran;

pub(super) fn which_namespace(bench: &Bench, checks: &mut Checks) -> Judged {
    let (first, second) = (bench.nonce("first"), bench.nonce("second"));
    let start = |program: &str, word: &str| {
        bench.call(&bench.reference(program), ["--", "sh", "-c", STAYS, word]).as_root().start()
    };
    let (mut uts, mut net) = (start("unshare-uts", &first)?, start("unshare-net", &second)?);
    let (one, other) = (checks.arrives(&mut uts, &first)?, checks.arrives(&mut net, &second)?);
    let ran = compare(bench, one, other)?;
    let told = rows(&ran);
    let numbers: Vec<_> = told.iter().flat_map(|row| [row.first, row.second]).collect();
    let are_equal = numbers.windows(2).all(|pair| pair[0] == pair[1]);
    let right = |row: &Row| inode(one, &row.kind) == row.first && inode(other, &row.kind) == row.second;
    checks
        .check("each namespace has the number that the kernel gave it")
        .worth(2)
        .did(&ran.command)
        .saw(differences(&told, one, other))
        .means("the number in the link's text is the namespace's inode; the link itself has another, for itself alone")
        .mistake_if(are_equal && numbers.first() == Some(&Some(0)), "kind-only")
        .mistake_if(are_equal, "device")
        .mistake_if(!told.is_empty(), "number-of-the-link")
        .must(!told.is_empty() && told.iter().all(right))?;
    let same = |kind: &str| told.iter().find(|row| row.kind == kind).is_some_and(|row| row.same);
    checks
        .check("two processes that share a namespace are told so")
        .did(&ran.command)
        .saw(format!("ipc is said to be the {}, pid the {}", word(same("ipc")), word(same("pid"))))
        .means("equal numbers of one kind are one namespace")
        .also(same("ipc") && same("pid"));
    checks
        .check("and two that do not, too")
        .did(&ran.command)
        .saw(format!("uts is said to be the {}, net the {}", word(same("uts")), word(same("net"))))
        .means("other numbers are another namespace, whatever it is called")
        .also(!same("uts") && !same("net"));
    let ran = compare(bench, one, one)?;
    let told = rows(&ran);
    checks
        .check("a process shares everything with itself")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the same question has two answers")
        .also(!told.is_empty() && told.iter().all(|row| row.same));
    uts.end();
    net.end();
    let gone = compare(bench, one, other)?;
    checks
        .check("of a process that is gone nothing is told")
        .did(&gone.command)
        .saw(gone.in_words())
        .means("a link that cannot be read is no namespace")
        .also(gone.status() == Some(125));
    Ok(())
}

fn compare(bench: &Bench, one: Process, other: Process) -> Judged<Ran> {
    let (one, other) = (number(bench, one), number(bench, other));
    bench.call("ns-show", ["--json", "--compare", one.as_str(), other.as_str()]).as_root().run()
}

struct Row {
    kind: String,
    first: Option<u64>,
    second: Option<u64>,
    same: bool,
}

fn rows(ran: &Ran) -> Vec<Row> {
    let told: Value = serde_json::from_str(&ran.output).unwrap_or_default();
    let row = |row: &Value| {
        let kind = row["kind"].as_str()?.to_owned();
        Some(Row { kind, first: row["first"].as_u64(), second: row["second"].as_u64(), same: row["same"] == true })
    };
    told["kinds"].as_array().into_iter().flatten().filter_map(row).collect()
}

fn inode(process: Process, kind: &str) -> Option<u64> {
    process.namespace(kind)?.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

fn differences(told: &[Row], one: Process, other: Process) -> String {
    let line = |row: &Row| {
        let says = (row.first, row.second);
        let is = (inode(one, &row.kind), inode(other, &row.kind));
        let pair = |(one, other)| format!("{} and {}", shown(one), shown(other));
        (says != is).then(|| format!("{}: said {}, is {}", row.kind, pair(says), pair(is)))
    };
    told.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn shown(number: Option<u64>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

fn word(same: bool) -> &'static str {
    if same { "same" } else { "other" }
}
