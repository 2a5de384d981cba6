//! The trace file: valid JSON, whole, in sequence, and the same calls by the same processes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Run;
use super::call::Call;

/// A field of a line, and whether a value is of its kind.
type Field = (&'static str, fn(&Value) -> bool);

/// What each line must have, and as what.
const FIELDS: [Field; 9] = [
    ("seq", Value::is_u64),
    ("pid", Value::is_u64),
    ("depth", Value::is_u64),
    ("call", Value::is_string),
    ("arguments", Value::is_array),
    ("reason", Value::is_string),
    ("time", Value::is_u64),
    ("namespaces", Value::is_object),
    ("changed", Value::is_object),
];

/// What is wrong with it.
pub fn complaints(run: &Run) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut by_process = BTreeMap::<u32, Vec<Call>>::new();
    for (at, line) in run.trace.lines().enumerate() {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            complaints.push(format!("line {} is not JSON: {line}", at + 1));
            continue;
        };
        for (field, is_right) in FIELDS {
            if !is_right(&record[field]) {
                complaints.push(format!("line {}: {field} is {}", at + 1, record[field]));
            }
        }
        if record["seq"] != at as u64 + 1 {
            complaints.push(format!("line {} has number {}", at + 1, record["seq"]));
        }
        let pid = record["pid"].as_u64().unwrap_or_default() as u32;
        by_process.entry(pid).or_default().push(call(&record));
    }
    for (pid, process) in &run.processes {
        let traced = super::normal::told(by_process.remove(pid).unwrap_or_default());
        // Told first, then traced: a process that is killed may have no time for the second.
        let but_for_the_last = process.told.split_last().map_or(&[][..], |(_, told)| told);
        if traced != process.told && traced != but_for_the_last {
            let at = (0..).find(|at| traced.get(*at) != process.told.get(*at)).unwrap_or_default();
            let line = |calls: &[Call]| calls.get(at).map_or_else(|| "nothing".to_owned(), Call::line);
            complaints.push(format!("process {pid}:\n  traced: {}\n  told: {}", line(&traced), line(&process.told)));
        }
    }
    complaints.extend(by_process.keys().map(|pid| format!("there was no process {pid}")));
    complaints
}

fn call(record: &Value) -> Call {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let answer = text(&record["result"]).or_else(|| Some(format!("-1 {}", text(&record["errno"])?)));
    let answer = answer.map_or_else(String::new, |answer| format!(" = {answer}"));
    let arguments: Vec<_> = record["arguments"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let line = format!("{}({}){answer}", record["call"].as_str().unwrap_or_default(), arguments.join(", "));
    Call::parse(&line).unwrap_or_else(|| panic!("{line} is no call"))
}
