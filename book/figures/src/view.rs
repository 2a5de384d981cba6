//! A state as tables: what the player shows, and what stands below a figure for those who read rather than look.

use crate::Words;
use crate::declared::Kind;
use crate::html::{escaped, filled};
use crate::state::{HOST, KINDS, Process, State};
use crate::trace::Mount;

/// One aspect of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What makes it the same line in another state.
    pub(crate) key: String,
    pub(crate) cells: Vec<String>,
}

impl Row {
    fn new(key: impl Into<String>, cells: Vec<String>) -> Self {
        Self { key: key.into(), cells }
    }
}

/// All aspects of each state of a run, in the order in which the player shows them.
pub(crate) fn sections(states: &[State], words: Words<'_>) -> Vec<Vec<Section>> {
    // If the host's mounts are told in one line at one step, they are at all: otherwise they would seem to have gone.
    let in_one_line = states.iter().any(|state| shown_mounts(state).len() > 1);
    let kinds = [Kind::Namespaces, Kind::Processes, Kind::Ids, Kind::Mounts, Kind::Layers, Kind::Cgroups];
    let of = |state: &State| {
        let mut sections: Vec<_> = kinds.iter().map(|kind| aspect(*kind, state, in_one_line, words)).collect();
        sections.insert(3, hostnames(state, words));
        sections
    };
    states.iter().map(of).collect()
}

/// One aspect of a state.
pub(crate) fn section(kind: Kind, state: &State, words: Words<'_>) -> Section {
    aspect(kind, state, shown_mounts(state).len() > 1, words)
}

fn aspect(kind: Kind, state: &State, in_one_line: bool, words: Words<'_>) -> Section {
    let (id, title, columns, rows): (_, _, &[&str], _) = match kind {
        Kind::Namespaces => return namespaces(state, words),
        Kind::Processes => (
            "processes",
            "Processes",
            &["PID outside", "PID inside", "Program", "Root directory"],
            processes(state, words),
        ),
        Kind::Ids => ("ids", "Ids", &["User namespace", "Of", "Inside", "Outside"], ids(state, words)),
        Kind::Mounts => (
            "mounts",
            "Mounts",
            &["Mount namespace", "Place", "Kind", "What", "Access"],
            mounts(state, in_one_line, words),
        ),
        Kind::Layers => ("layers", "Layers", &["Layer", "Directory", "Access"], layers(state, words)),
        Kind::Cgroups => ("cgroups", "Cgroups", &["Directory", "Settings", "Processes"], cgroups(state, words)),
    };
    Section { id, title: words(title), columns: columns.iter().map(|column| words(column)).collect(), rows }
}

fn namespaces(state: &State, words: Words<'_>) -> Section {
    let mut columns = vec![words("Process")];
    columns.extend(KINDS.iter().map(|(_, name)| words(name)));
    let row = |process: &Process| {
        let labels = KINDS.iter().map(|(kind, _)| process.namespace(kind).to_owned());
        Row::new(process.pid.to_string(), std::iter::once(named(process)).chain(labels).collect())
    };
    let rows = state.processes.iter().map(row).collect();
    Section { id: "namespaces", title: words("Namespaces: A is the host's, B and on are others"), columns, rows }
}

/// A process as it is called everywhere.
pub(crate) fn named(process: &Process) -> String {
    format!("{} {}", process.pid, process.program)
}

fn hostnames(state: &State, words: Words<'_>) -> Section {
    let row = |(label, name): (&String, &String)| Row::new(label, vec![label.clone(), name.clone()]);
    let columns = vec![words("UTS namespace"), words("Name")];
    Section { id: "hostnames", title: words("Host names"), columns, rows: state.hostnames.iter().map(row).collect() }
}

fn processes(state: &State, words: Words<'_>) -> Vec<Row> {
    let row = |process: &Process| {
        let inside = process.inside.map_or_else(|| words("the same"), |pid| pid.to_string());
        let cells = vec![process.pid.to_string(), inside, process.program.clone(), process.root.clone()];
        Row::new(process.pid.to_string(), cells)
    };
    state.processes.iter().map(row).collect()
}

fn ids(state: &State, words: Words<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (label, maps) in &state.maps {
        for (what, ranges) in [("users", &maps.users), ("groups", &maps.groups)] {
            for range in ranges {
                let key = format!("{label} {what} {}", range.inside);
                let (inside, outside) = (span(range.inside, range.count), span(range.outside, range.count));
                rows.push(Row::new(key, vec![label.clone(), words(what), inside, outside]));
            }
        }
    }
    rows
}

/// `7`, or `7–9`.
pub(crate) fn span(from: u64, count: u64) -> String {
    if count < 2 { from.to_string() } else { format!("{from}–{}", from + count - 1) }
}

/// The lists of the host and of each mount namespace that somebody is in.
fn shown_mounts(state: &State) -> Vec<(&String, &Vec<Mount>)> {
    let is_in_use = |label: &str| state.processes.iter().any(|process| process.namespace("mnt") == label);
    state.mounts.iter().filter(|(label, _)| *label == HOST || is_in_use(label)).collect()
}

fn mounts(state: &State, in_one_line: bool, words: Words<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (label, list) in shown_mounts(state) {
        // Beside another list, that of the host is told in one line, as long as nothing has happened to it.
        if in_one_line && label == HOST && state.is_host_untouched() {
            let cells = ["/", "host", "all that the host has mounted", "writable"].map(words);
            rows.push(Row::new("host", std::iter::once(label.clone()).chain(cells).collect()));
            continue;
        }
        for mount in list {
            let access = words(if mount.read_only { "read only" } else { "writable" });
            let is_stacked = list.iter().any(|below| mount.on.as_ref() == Some(&below.id) && mount.at == below.at);
            let place = if is_stacked { filled(&words("{0}, on top"), &[&mount.at]) } else { mount.at.clone() };
            let cells = vec![label.clone(), place, words(&mount.kind), what(mount, words), access];
            rows.push(Row::new(format!("{label} {}", mount.id), cells));
        }
    }
    rows
}

/// What is mounted; of a namespace, its label.
pub(crate) fn what(mount: &Mount, words: Words<'_>) -> String {
    if mount.kind == "host" { words(&mount.of) } else { mount.of.clone() }
}

/// The layers of the overlay that is on top, the uppermost first: what they are, where they are, and who may do what.
pub(crate) fn layers_of(state: &State) -> Vec<(&'static str, String, &'static str)> {
    let Some((id, stack)) = state.stacks.iter().next_back() else { return Vec::new() };
    let mut place = state.mounts.values().flatten().filter(|mount| mount.id == *id).map(|mount| mount.at.clone());
    let mut layers = vec![("merged", place.next_back().unwrap_or_default(), "what the program sees")];
    layers.extend(stack.upper.iter().map(|upper| ("upper", upper.clone(), "read and written")));
    for lower in &stack.lower {
        let is_init = lower.ends_with("/init");
        layers.push((if is_init { "lower: init layer" } else { "lower: image layer" }, lower.clone(), "only read"));
    }
    layers.extend(stack.work.iter().map(|work| ("work", work.clone(), "the kernel's own")));
    layers
}

fn layers(state: &State, words: Words<'_>) -> Vec<Row> {
    let all = layers_of(state).into_iter();
    all.map(|(layer, directory, access)| {
        let key = format!("{layer} {}", if layer == "merged" { "" } else { &directory });
        Row::new(key, vec![words(layer), directory, words(access)])
    })
    .collect()
}

fn cgroups(state: &State, words: Words<'_>) -> Vec<Row> {
    let rows = state.cgroups.iter().map(|(path, cgroup)| {
        let settings: Vec<_> = cgroup.settings.iter().map(|(file, value)| format!("{file} = {value}")).collect();
        let processes: Vec<_> = cgroup.processes.iter().map(ToString::to_string).collect();
        let or_none = |list: Vec<String>| if list.is_empty() { words("none") } else { list.join(", ") };
        Row::new(path, vec![path.clone(), or_none(settings), or_none(processes)])
    });
    rows.collect()
}

/// What is otherwise than before, in sentences.
pub(crate) fn changes(before: &[Section], after: &[Section], words: Words<'_>) -> Vec<String> {
    let mut changes = Vec::new();
    for (before, after) in before.iter().zip(after) {
        for row in &after.rows {
            match before.rows.iter().find(|old| old.key == row.key) {
                None => changes.push(filled(&words("new: {0}"), &[&joined(after, row)])),
                Some(old) if old != row => changes.push(changed(after, old, row, words)),
                Some(_) => {}
            }
        }
        let gone = before.rows.iter().filter(|old| after.rows.iter().all(|row| row.key != old.key));
        changes.extend(gone.map(|old| filled(&words("gone: {0}"), &[&joined(before, old)])));
    }
    changes
}

/// `Mounts: B · /proc · proc`
fn joined(section: &Section, row: &Row) -> String {
    format!("{}: {}", short(&section.title), row.cells.join(" · "))
}

fn changed(section: &Section, old: &Row, row: &Row, words: Words<'_>) -> String {
    let cells = section.columns.iter().zip(old.cells.iter().zip(&row.cells)).filter(|(_, (old, new))| old != new);
    let cells: Vec<_> = cells.map(|(column, (old, new))| format!("{column} {old} → {new}")).collect();
    // The first cell says which line is meant; of a mount, the namespace and the place do.
    let names = if section.id == "mounts" { 2 } else { 1 };
    let same = old.cells.iter().zip(&row.cells).take(names).filter(|(old, new)| old == new);
    let same: Vec<_> = same.map(|(_, new)| new.as_str()).collect();
    let subject = if same.is_empty() { String::new() } else { format!("{}: ", same.join(" · ")) };
    filled(&words("changed: {0}"), &[&format!("{}: {subject}{}", short(&section.title), cells.join(", "))])
}

/// Without what explains it.
fn short(title: &str) -> &str {
    title.split([':', '：']).next().unwrap_or(title)
}

impl Section {
    /// The table in HTML, on one line.
    pub(crate) fn table(&self) -> String {
        let head: String =
            self.columns.iter().map(|column| format!("<th scope=\"col\">{}</th>", escaped(column))).collect();
        let row = |row: &Row| -> String {
            let cells = row.cells.iter().enumerate().map(|(at, cell)| {
                let cell = escaped(cell);
                if at == 0 { format!("<th scope=\"row\">{cell}</th>") } else { format!("<td>{cell}</td>") }
            });
            format!("<tr>{}</tr>", cells.collect::<String>())
        };
        let body: String = self.rows.iter().map(row).collect();
        let title = escaped(&self.title);
        format!("<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    }
}
