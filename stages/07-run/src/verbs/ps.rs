//! `boxwright ps`: which containers there are, and how they stand.

use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cgroup::units;
use clap::Args;
use serde::Serialize;

use crate::bundle::Bundle;
use crate::home;
use crate::spec::Spec;
use crate::state::{Standing, State};

/// List containers: those that run, or with --all every one
#[derive(Args, Debug)]
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

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let rows: Vec<Row> =
        home::all()?.iter().filter_map(|bundle| Row::of(bundle, options).transpose()).collect::<Result<_>>()?;
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
    began: u64,
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
        let state = bundle.state().unwrap_or_default();
        let standing = state.standing();
        if standing != Standing::Running && !options.all {
            return Ok(None);
        }
        // A container whose making was cut short may have no note of what was asked.
        let spec = bundle.spec().ok();
        let command = spec.as_ref().map(|spec| spec.command.join(OsStr::new(" ")).display().to_string());
        let (size, virtual_size) = match &spec {
            Some(spec) if options.size => sizes(bundle, spec).map(|(size, all)| (Some(size), Some(all)))?,
            _ => (None, None),
        };
        let pid = state.process.filter(|_| standing == Standing::Running).map(|process| process.pid);
        let standing = in_words(standing, &state);
        Ok(Some(Self {
            name: bundle.name(),
            standing,
            pid,
            began: state.began,
            command: command.unwrap_or_default(),
            size,
            virtual_size,
        }))
    }
}

fn sizes(_: &Bundle, _: &Spec) -> Result<(u64, u64)> {
    anyhow::bail!("sizes come with layer-usage")
}

fn in_words(standing: Standing, state: &State) -> String {
    match standing {
        Standing::Created => "created".to_owned(),
        Standing::Running if crate::limits::is_paused(state) => "paused".to_owned(),
        Standing::Running => "running".to_owned(),
        Standing::Ended(status) => format!("ended ({status})"),
        Standing::Lost => "lost".to_owned(),
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

fn age(began: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match (began, now.saturating_sub(began)) {
        (0, _) => String::new(),
        (_, seconds @ 0..60) => format!("{seconds} s"),
        (_, seconds @ 60..3600) => format!("{} min", seconds / 60),
        (_, seconds @ 3600..172_800) => format!("{} h", seconds / 3600),
        (_, seconds) => format!("{} d", seconds / 86400),
    }
}
