//! `boxwright ps`: which containers there are, and how they stand.

use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cgroup::units;
use clap::Args;
use groundwork::Kernel;
use serde::Serialize;

use crate::bundle::Bundle;
use crate::home;
use crate::limits;
use crate::spec::Spec;
use crate::state::Standing;

const EXAMPLES: &str = "\
Examples:
  boxwright ps              those that run, with their first process as the host numbers it
  boxwright ps --all        those that have ended too, with their status
  boxwright ps -a --size    what each holds alone, and what it sees with its layers
  boxwright ps --json | jq '.[].name'

See also: ps(1), namespaces(7)";

/// List containers: those that run, or with --all every one
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Also those that have ended
    #[arg(short, long)]
    all: bool,
    /// Also how much each has written, and how much it shows with its layers below
    #[arg(short, long)]
    size: bool,
    /// As JSON, one array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    let bundles = home::all()?;
    if !options.size {
        return print(options, &bundles);
    }
    // What root inside has written, its user outside may not even list.
    overlay::with_every_owner(kernel, |_| print(options, &bundles))
}

fn print(options: &Options, bundles: &[Bundle]) -> Result<ExitCode> {
    let rows: Vec<Row> =
        bundles.iter().filter_map(|bundle| Row::of(bundle, options).transpose()).collect::<Result<_>>()?;
    let mut stdout = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut stdout, &rows)?;
        writeln!(stdout)?;
    } else {
        write!(stdout, "{}", table(&rows, options.size))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One container.
#[derive(Serialize)]
struct Row {
    name: String,
    standing: String,
    pid: Option<i32>,
    /// Seconds since 1970.
    began: Option<u64>,
    command: String,
    /// What it has written, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// All that it shows, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_size: Option<u64>,
}

impl Row {
    /// Nothing for a container that the options leave out.
    fn of(bundle: &Bundle, options: &Options) -> Result<Option<Self>> {
        let standing = bundle.standing().unwrap_or(Standing::Lost(None));
        let running = match &standing {
            Standing::Running(running) => Some(running),
            _ if options.all => None,
            _ => return Ok(None),
        };
        // A container whose making was cut short may have no note of what was asked.
        let spec = bundle.spec().ok();
        let command = spec.as_ref().map(|spec| spec.command.join(OsStr::new(" ")).display().to_string());
        let (size, virtual_size) = match &spec {
            Some(spec) if options.size => sizes(bundle, spec).map(|(size, all)| (Some(size), Some(all)))?,
            _ => (None, None),
        };
        let (pid, began) = running.map(|running| (running.process.pid, running.began)).unzip();
        Ok(Some(Self {
            name: bundle.name().to_owned(),
            standing: in_words(&standing),
            pid,
            began,
            command: command.unwrap_or_default(),
            size,
            virtual_size,
        }))
    }
}

/// What the upper layer holds, and what is seen through the whole stack.
fn sizes(bundle: &Bundle, spec: &Spec) -> Result<(u64, u64)> {
    let mut layers = spec.layers.clone();
    // A read-only container has none.
    layers.extend(Some(bundle.upper()).filter(|upper| upper.is_dir()));
    let usage = overlay::usage(&layers)?;
    let written = usage.layers.get(spec.layers.len()).map_or(0, |upper| upper.held.size);
    Ok((written, usage.seen.size))
}

fn in_words(standing: &Standing) -> String {
    match standing {
        Standing::BeingMade => "being made".to_owned(),
        Standing::Running(running) if limits::is_paused(running) => "paused".to_owned(),
        Standing::Running(_) => "running".to_owned(),
        Standing::Ended(status) => format!("ended ({status})"),
        Standing::Unseen(_) => "ended".to_owned(),
        Standing::Lost(_) => "lost".to_owned(),
    }
}

fn table(rows: &[Row], size: bool) -> String {
    let mut lines = vec![["NAME", "STATUS", "PID", "AGE", "COMMAND", "SIZE", "VIRTUAL"].map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let number = |bytes: Option<u64>| bytes.map(units::size).unwrap_or_default();
        [
            row.name.clone(),
            row.standing.clone(),
            row.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            age(row.began),
            shortened(&row.command),
            number(row.size),
            number(row.virtual_size),
        ]
    }));
    let columns = if size { 7 } else { 5 };
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |line: &[String; 7]| {
        let cells: Vec<_> = (0..columns).map(|column| format!("{:1$}", line[column], widths[column])).collect();
        format!("{}\n", cells.join("   ").trim_end())
    };
    lines.iter().map(line).collect()
}

fn shortened(command: &str) -> String {
    const MOST: usize = 40;
    if command.chars().count() <= MOST {
        command.to_owned()
    } else {
        command.chars().take(MOST - 1).chain(['…']).collect()
    }
}

fn age(began: Option<u64>) -> String {
    let Some(began) = began else { return String::new() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match now.saturating_sub(began) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86400),
    }
}
