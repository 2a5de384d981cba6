//! `{{kernel-features}}`: what works on which host, from `book/hosts.json` and `book/locked-hosts.json`.
//!
//! The second is written by the judges, which lock hosts down: `INSTA_UPDATE=always cargo test -p judges locked::`.
//! `cargo workshop vm test --write` writes that file, from what `doctor --json` says in machines of several kinds:
//! `{"hosts": [{"name": "Debian 12", "kernel": "…", "cgroups": "…", "user": "root", "stages": {"01-chroot": {…}}}]}`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::tables::heading;
use crate::place::Place;

#[derive(Debug, Default, Deserialize)]
struct Hosts {
    hosts: Vec<Host>,
}

/// What doctor said on one host to one user.
#[derive(Debug, Deserialize)]
struct Host {
    name: String,
    kernel: String,
    user: String,
    cgroups: String,
    stages: BTreeMap<String, Finding>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Finding {
    verdict: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    cause: String,
    #[serde(default)]
    remedy: String,
}

pub(super) fn shown(place: &Place, words: &dyn Fn(&str) -> String) -> Result<String> {
    let machines = table(&read(place, "hosts.json")?, words);
    let locked = table(&read(place, "locked-hosts.json")?, words);
    let between = words("And on hosts that were locked down for it, each in one way only:");
    Ok(format!("{machines}\n{between}\n\n{locked}"))
}

fn read(place: &Place, name: &str) -> Result<Hosts> {
    let file = place.book().join(name);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| r#"{"hosts": []}"#.to_owned());
    serde_json::from_str(&text).with_context(|| place.named(&file))
}

fn table(hosts: &Hosts, words: &dyn Fn(&str) -> String) -> String {
    if hosts.hosts.is_empty() {
        return words("No host has been asked yet.");
    }
    let stages: Vec<_> = hosts.hosts[0].stages.keys().map(String::as_str).collect();
    let heads =
        ["Host", "Kernel", "User", "cgroups"].map(words).into_iter().chain(stages.iter().map(|stage| heading(stage)));
    let heads: Vec<_> = heads.collect();
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for host in &hosts.hosts {
        let facts = [&host.name, &host.kernel, &host.user, &host.cgroups].map(|fact| told(fact, words));
        let verdict = |stage: &&str| host.stages.get(*stage).map_or_else(String::new, |found| words(&found.verdict));
        let verdicts = stages.iter().map(verdict);
        let cells: Vec<_> = facts.into_iter().chain(verdicts).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push_str(&causes(hosts, words));
    text
}

/// What a host is called or has. Versions are the same in every language.
fn told(fact: &str, words: &dyn Fn(&str) -> String) -> String {
    let is_version = fact.starts_with(|letter: char| letter.is_ascii_digit());
    let fact = if is_version { fact.to_owned() } else { words(fact) };
    fact.replace('|', "\\|")
}

/// What is limited or blocked, where, and why.
fn causes(hosts: &Hosts, words: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    for host in &hosts.hosts {
        let short: Vec<_> = host.stages.iter().filter(|(_, found)| found.verdict != "works").collect();
        // Stages that lack one thing for one reason stand in one line.
        let same = |found: &Finding| {
            short.iter().filter(|(_, other)| *other == found).map(|(stage, _)| stage.as_str()).collect()
        };
        let first =
            short.iter().enumerate().filter(|(at, (_, found))| short[..*at].iter().all(|(_, other)| other != found));
        let items: Vec<_> = first.map(|(_, (_, found))| item(same(found), found, words)).collect();
        if !items.is_empty() {
            let _ = write!(text, "\n**{}, {}**\n\n{}", told(&host.name, words), words(&host.user), items.concat());
        }
    }
    text
}

fn item(stages: Vec<&str>, found: &Finding, words: &dyn Fn(&str) -> String) -> String {
    let parts = [&found.what, &found.cause, &found.remedy].map(|part| words(part));
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let stages: Vec<_> = stages.into_iter().map(heading).collect();
    format!("- {}, {}: {}\n", stages.join(", "), words(&found.verdict), said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_row_and_what_is_short_has_its_cause() {
        let json = r#"{"hosts": [{"name": "Debian 12", "kernel": "6.1", "user": "root", "cgroups": "v2", "stages": {
            "02-unshare": {"verdict": "limited", "what": "no io", "cause": "w", "remedy": "r"},
            "04-pivot": {"verdict": "works"},
            "06-cgroup": {"verdict": "limited", "what": "no io", "cause": "w", "remedy": "r"}}}]}"#;
        let table = table(&serde_json::from_str(json).unwrap(), &str::to_owned);
        assert!(table.contains("| Debian 12 | 6.1 | root | v2 | limited | works | limited |"), "{table}");
        assert!(table.contains("- Unshare, Cgroup, limited: no io; w; r"), "{table}");
    }
}
