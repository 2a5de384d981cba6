//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::measure::{Bench, Scale, What};
use crate::report::{Host, Report};
use crate::turns::say;
use crate::{bars, book, cgroups, guard, peers, plot, table};

const EXAMPLES: &str = "\
Examples:
  cargo workshop bench                         everything
  cargo workshop bench start --rounds 20       one measurement, in a minute or two
  cargo workshop bench --list                  what can be measured
  cargo workshop bench start --json now.json --plot now.svg

What to know:
  - Everybody takes turns in every round, in another order each time. What counts is the median of the ratios of each
    round, with the interval in which the true one lies with a confidence of 95 %.
  - Root measures more: the runtimes were made for it, and an ordinary user has seldom a cgroup to give.
  - Nothing is installed. Who is not there is named, and so is what a peer does not do.
  - A quiet machine measures better. Nothing stays behind, also when it is interrupted.";

/// Measure how fast it is, beside what this host has, and beside the floor: the kernel's part alone
#[derive(Parser)]
#[command(name = "bench", bin_name = "cargo workshop bench", after_help = EXAMPLES)]
struct Options {
    /// What to measure [default: everything]
    what: Vec<What>,
    /// How often everyone has a turn
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many containers `thousand` has
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    containers: u32,
    /// How many megabytes the layer of `unpack` has
    #[arg(long, value_name = "MB", default_value_t = 450, value_parser = clap::value_parser!(u32).range(20..))]
    layer: u32,
    /// Write the results to FILE too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Renew in FILE, which was written by --json on this host, what is measured now, and keep the rest
    #[arg(long, value_name = "FILE")]
    renew: Option<PathBuf>,
    /// Draw the results into FILE too, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Measure the programs in DIR, which are built already
    #[arg(long, value_name = "DIR", hide = true)]
    programs: Option<PathBuf>,
    /// Say what can be measured, and who is there to compare with
    #[arg(long)]
    list: bool,
    /// Fail when a bar is missed
    #[arg(long)]
    check: bool,
}

/// Everything, with an exit status at its end.
pub fn main() -> ExitCode {
    let options = Options::parse();
    options.run().unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::from(2)
    })
}

impl Options {
    fn scale(&self) -> Scale {
        let [rounds, containers, layer] = [self.rounds, self.containers, self.layer].map(|number| number as usize);
        Scale { rounds, containers, layer }
    }

    fn write(&self, report: &Report) -> Result<()> {
        let json = self
            .json
            .as_ref()
            .or(self.renew.as_ref())
            .map(|file| Ok((file, serde_json::to_string_pretty(report)? + "\n")));
        let plot = self.plot.as_ref().map(|file| anyhow::Ok((file, plot::all(report))));
        for written in [json, plot].into_iter().flatten() {
            let (file, text) = written?;
            std::fs::write(file, text).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    fn run(&self) -> Result<ExitCode> {
        if self.list {
            print(&list());
            return Ok(ExitCode::SUCCESS);
        }
        let Some(scratch) = guard::scratch() else { return guard::watch_over() };
        say("building what is measured");
        let bench = Bench::open(&scratch, self.programs.as_deref(), self.scale())?;
        let mut report = Report::new(&bench);
        print(&table::host(&report));
        for what in What::value_variants().iter().filter(|what| self.what.is_empty() || self.what.contains(what)) {
            match bench.measure(*what) {
                Ok(tables) => report
                    .tables
                    .extend(tables.into_iter().inspect(|table| print(&format!("\n{}", table::text(table))))),
                // The other measurements are none the worse for it.
                Err(error) => {
                    print(&format!("\nnot measured: {error:#}\n"));
                    report.notes.push(format!("not measured: {error:#}"));
                }
            }
        }
        if let Some(file) = &self.renew {
            report.keep_from(book::read(file)?)?;
        }
        report.bars = bars::of(&report);
        print(&format!("\n{}", table::bars(&report.bars)));
        self.write(&report)?;
        let is_missed = report.bars.iter().any(|bar| bar.is_met() == Some(false));
        Ok(ExitCode::from(u8::from(self.check && is_missed)))
    }
}

impl Report {
    fn new(bench: &Bench) -> Self {
        let (versions, missing) = peers::look_for(&peers::ALL);
        let mut notes = bench.notes();
        if !missing.is_empty() {
            notes.insert(0, format!("not on this host, so not compared: {}", missing.join(", ")));
        }
        Self { host: Host::of(bench), versions, rounds: bench.rounds, tables: Vec::new(), bars: Vec::new(), notes }
    }
}

impl Host {
    fn of(bench: &Bench) -> Self {
        Self {
            kernel: nix::sys::utsname::uname().map(|name| name.release().display().to_string()).unwrap_or_default(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            cgroups: bench.cgroups.clone(),
            user: if nix::unistd::geteuid().is_root() { "root" } else { "ordinary" }.to_owned(),
            file_system: cgroups::file_system(&bench.scratch),
            static_programs: bench.programs.are_static,
        }
    }
}

fn list() -> String {
    let mut text = "What can be measured:\n".to_owned();
    for what in What::value_variants() {
        let named = what.to_possible_value().expect("every one has a name");
        let help = named.get_help().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("  {:10} {help}\n", named.get_name()));
    }
    let (there, missing) = peers::look_for(&peers::ALL);
    text.push_str("\nWho is there:\n");
    there.iter().for_each(|(name, version)| text.push_str(&format!("  {name:10} {version}\n")));
    text.push_str(&format!("\nWho is not: {}\n", missing.join(", ")));
    text
}

/// Writes to standard output. A reader who has left wants no more.
fn print(text: &str) {
    use std::io::Write;
    say("");
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
