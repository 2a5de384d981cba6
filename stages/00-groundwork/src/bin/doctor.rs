//! `doctor`: what this host can do, tried for real; what it cannot, who is behind it, and what to do.
#![expect(clippy::print_stdout, reason = "what it finds is what this program is for")]

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use clap::Parser;
use groundwork::cli;
use groundwork::preflight::{Facts, Need, Report, STAGES, Stage, Verdict};

const EXAMPLES: &str = "\
Examples:
  doctor                           everything
  doctor --stage 04                what stage 04 needs, and its programs
  doctor user-namespaces pivot-root
  doctor --json | jq '.stages[] | select(.verdict == \"blocked\")'

What the words mean:
  works     it was tried just now, in a child that is gone, and it works
  limited   it works, and not as well as elsewhere: what is missing, why, and one remedy
  blocked   it does not work: why, and one remedy

Exit status: 0 when all works or is limited, 1 when a stage (or a NEED asked for) is blocked.

See also: namespaces(7), user_namespaces(7), cgroups(7), seccomp(2), apparmor(7)";

/// Find out what this host can do
///
/// No file says whether a kernel will do what you ask: Ubuntu lets you create a user namespace and
/// refuses the next step, and a container engine's filter shows nowhere. So each thing that the
/// course needs is done, whole, in a child that leaves nothing behind. Only when that fails are
/// files asked, and only why: AppArmor, a sysctl, a seccomp filter, the kernel, cgroups, WSL.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, about, long_about, after_help = EXAMPLES)]
struct Options {
    /// Try these only
    #[arg(value_enum, value_name = "NEED", hide_possible_values = true)]
    needs: Vec<Need>,
    /// Ask about this stage only: `04`, `pivot` or `04-pivot`
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Vec<Stage>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// Name the needs and what they are
    #[arg(long, conflicts_with_all = ["needs", "stage", "json"])]
    list: bool,
}

fn main() -> ExitCode {
    cli::main_of(|options: Options| options.run())
}

impl Options {
    fn run(self) -> Result<ExitCode> {
        if self.list {
            print!("{}", needs());
            return Ok(ExitCode::SUCCESS);
        }
        let all = self.needs.is_empty() && self.stage.is_empty();
        let stages = if all { &STAGES[..] } else { &self.stage };
        let needs = if all { Need::all() } else { &self.needs };
        let report = Report::of(needs, stages);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report).context("cannot write JSON")?);
        } else {
            print!("{}", Page::new().of(&report));
        }
        Ok(ExitCode::from(u8::from(report.is_blocked())))
    }
}

fn stage(name: &str) -> Result<Stage> {
    let is_it = |stage: &&Stage| stage.name == name || stage.name.split('-').any(|part| part == name);
    let Some(stage) = STAGES.iter().find(is_it) else {
        let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("there is no such stage; there are {}", names.join(", "));
    };
    Ok(*stage)
}

fn needs() -> String {
    Need::all().iter().map(|need| format!("{:24}{}\n", need.name(), need.means())).collect()
}

/// Words on lines that end before column 110, all but the first indented.
fn wrapped(words: &str, indent: usize) -> String {
    let (mut text, mut column) = (String::new(), indent);
    for word in words.split(' ') {
        if column > indent && column + word.len() > 110 {
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        }
        let gap = if column > indent { " " } else { "" };
        let _ = write!(text, "{gap}{word}");
        column += gap.len() + word.len();
    }
    text
}

/// A report for people to read.
struct Page {
    text: String,
    coloured: bool,
}

impl Page {
    /// Colour is for eyes only: not in a pipe, and not where NO_COLOR is set (no-color.org).
    fn new() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { text: String::new(), coloured: std::io::stdout().is_terminal() && !refused }
    }

    fn of(mut self, report: &Report) -> String {
        self.host(&report.host);
        self.heading("Needs", report.needs.is_empty());
        for found in &report.needs {
            self.verdict(&found.need.name(), &found.need.means(), &found.verdict);
        }
        self.heading("Stages", report.stages.is_empty());
        for stage in &report.stages {
            let names: Vec<_> = stage.programs.iter().map(|program| program.program.as_str()).collect();
            self.verdict(&stage.stage, &names.join(", "), &stage.verdict);
        }
        self.text
    }

    fn host(&mut self, host: &Facts) {
        let Facts { kernel, distribution, user, cgroups, surroundings } = host;
        let surroundings = surroundings.as_ref().map(|words| format!(", {words}")).unwrap_or_default();
        let _ = writeln!(self.text, "Linux {kernel}, {distribution}, {user}, {cgroups}{surroundings}");
    }

    fn heading(&mut self, words: &str, is_empty: bool) {
        let bold = self.style(Style::new().bold());
        if !is_empty {
            let _ = writeln!(self.text, "\n{bold}{words}{bold:#}");
        }
    }

    fn verdict(&mut self, name: &str, means: &str, verdict: &Verdict) {
        let colour = match verdict {
            Verdict::Works { .. } => AnsiColor::Green,
            Verdict::Limited { .. } => AnsiColor::Yellow,
            Verdict::Blocked(_) => AnsiColor::Red,
        };
        let (style, word) = (self.style(colour.on_default()), verdict.word());
        let words = match verdict {
            Verdict::Works { road: Some(road) } => format!("{means} ({road})"),
            Verdict::Limited { what, .. } => what.clone(),
            _ => means.to_owned(),
        };
        let _ = writeln!(self.text, "  {style}{word:9}{style:#}{name:25}{}", wrapped(&words, 36));
        if let Some(cause) = verdict.cause() {
            let _ = writeln!(self.text, "{:11}because {}", "", wrapped(&cause.why, 19));
            let _ = writeln!(self.text, "{:11}remedy: {}", "", wrapped(&cause.remedy, 19));
        }
    }

    fn style(&self, style: Style) -> Style {
        if self.coloured { style } else { Style::new() }
    }
}
