//! `cargo workshop`: the guide through the exercises.

mod begin;
mod bench;
mod book;
mod class;
mod grade;
mod help;
mod overview;
mod predict;
mod vm;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};

use crate::course::Course;
use crate::grade::Grader;
use crate::paint::Paint;
use crate::workbench::Workbench;

/// The workbench, for those who keep it elsewhere.
const WORKBENCH: &str = "BOXWRIGHT_WORKBENCH";
/// The forge, for those who have several workbenches.
const FORGE: &str = "BOXWRIGHT_FORGE";

const EXAMPLES: &str = "\
Examples:
  cargo workshop                   what to do next
  cargo workshop start             cut the exercises into workbench/
  cargo workshop grade uts-1       judge what you wrote there
  cargo workshop watch             judge on every save; h hint, n next, l list, q quit
  cargo workshop hint uts-1        a nudge; again: the concept; again: the call
  cargo workshop grade all --format junit > results.xml
  cargo workshop book serve        the course to read, on this machine alone

What to know:
  - Nothing here needs sudo. What your host cannot show is not gradable here, and does not count.
  - Your programs are judged in a sandbox, by what the kernel shows of them.
  - progress.txt in the workbench says what is done.
  - Exit status of grade: 0 passed, 1 not, 3 when nothing of it can be graded here, 2 for our own failures.

See also: tests/grader/README.md, doctor(1) of this workshop, namespaces(7)";

/// The guide through the exercises of the workshop
///
/// Each exercise is a hole in a program of the course. Write what belongs there, and the guide shows
/// what the kernel makes of it: what was done, what was seen, what that means, and where to read on.
#[derive(Parser)]
#[command(name = "workshop", bin_name = "cargo workshop", version, after_help = EXAMPLES)]
struct Options {
    /// The workbench [default: $BOXWRIGHT_WORKBENCH, or around here, or workbench/ in the course]
    #[arg(long, global = true, value_name = "DIR")]
    workbench: Option<PathBuf>,
    /// The course [default: the one that this program was built in]
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    course: Option<PathBuf>,
    /// Where programs are built for judging [default: $BOXWRIGHT_FORGE, or in the workbench]
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    forge: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a workbench, or bring it up to date with the course
    Start(begin::Start),
    /// Judge exercises
    Grade(grade::Grade),
    /// Judge on every save
    Watch(watch::Watch),
    /// Show a hint, and with each call a further one
    Hint(help::Hint),
    /// Show the solution, beside yours
    Solution(help::Solution),
    /// Predict what this machine will do, and see
    Predict(predict::Predict),
    /// Say what is done, and what is next
    Status,
    /// List all exercises
    List,
    /// Judge many submissions, and report on them
    GradeAll(class::GradeAll),
    /// Print the kill table as Markdown: what people get wrong, and what they are told
    #[command(hide = true)]
    Mistakes(overview::Mistakes),
    /// Run the course in a virtual machine, with cgroups as they should be
    Vm(vm::Vm),
    /// Measure how fast it is, beside what this host has
    Bench(bench::Bench),
    /// Open the holes of an exercise again
    Reset(begin::Reset),
    /// Build the book, or serve it, or test it: `cargo workshop book serve`
    Book(book::Book),
    /// Fill what is open before a stage with the solutions, to go on from there
    CatchUp(begin::CatchUp),
}

/// What every verb needs to know.
struct Place {
    course: Course,
    workbench: Option<PathBuf>,
    forge: Option<PathBuf>,
    paint: Paint,
}

/// Runs the guide. For the very beginning of `main`: it may turn out to be the inside of a sandbox.
pub fn main() -> ExitCode {
    if let Some(status) = crate::sandbox::become_inside_if_asked()
        .or_else(crate::peek::look_if_asked)
        .or_else(crate::reach::reach_if_asked)
    {
        return ExitCode::from(u8::try_from(status).unwrap_or(1));
    }
    let options = Options::parse();
    options.run().unwrap_or_else(|error| {
        eprintln!("workshop: {error:#}");
        ExitCode::from(2)
    })
}

/// The command line, for those who want to know its verbs and options.
pub fn command() -> clap::Command {
    Options::command()
}

impl Options {
    fn run(self) -> Result<ExitCode> {
        let root = self.course.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let root = root.canonicalize().with_context(|| root.display().to_string())?;
        let course = Course::read(&root)?;
        let workbench = self.workbench.or_else(|| std::env::var_os(WORKBENCH).map(PathBuf::from));
        let forge = self.forge.or_else(|| std::env::var_os(FORGE).map(PathBuf::from));
        let place = Place { course, workbench, forge, paint: Paint::for_stdout() };
        match self.verb {
            None => overview::next(&place),
            Some(Verb::Start(start)) => start.run(&place),
            Some(Verb::Grade(grade)) => grade.run(&place),
            Some(Verb::Watch(watch)) => watch.run(&place),
            Some(Verb::Hint(hint)) => hint.run(&place),
            Some(Verb::Solution(solution)) => solution.run(&place),
            Some(Verb::Predict(predict)) => predict.run(&place),
            Some(Verb::Status) => overview::status(&place),
            Some(Verb::List) => overview::list(&place),
            Some(Verb::GradeAll(grade_all)) => grade_all.run(&place),
            Some(Verb::Mistakes(mistakes)) => mistakes.run(&place),
            Some(Verb::Vm(vm)) => vm.run(&place),
            Some(Verb::Bench(bench)) => bench.run(&place),
            Some(Verb::Reset(reset)) => reset.run(&place),
            Some(Verb::Book(book)) => book.run(&place),
            Some(Verb::CatchUp(catch_up)) => catch_up.run(&place),
        }
    }
}

impl Place {
    /// The folder of the workbench, whether it is there or not.
    fn folder(&self) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        let around = || Workbench::around(&here).map(|found| found.folder().to_owned());
        self.workbench.clone().or_else(around).unwrap_or_else(|| self.course.root.join("workbench"))
    }

    fn workbench(&self) -> Result<Workbench> {
        Workbench::open(&self.folder())
    }

    /// Who judges here.
    fn grader(&self, workbench: &Workbench) -> Result<Grader<'_>> {
        self.grader_in(&workbench.forge())
    }

    /// The same, with its forge there, unless somebody has said where.
    fn grader_in(&self, folder: &Path) -> Result<Grader<'_>> {
        let forge = self.forge.as_deref().unwrap_or(folder);
        std::fs::create_dir_all(forge).with_context(|| forge.display().to_string())?;
        let forge = forge.canonicalize().with_context(|| forge.display().to_string())?;
        Grader::open(&self.course, &forge, Path::new("/proc/self/exe"), &tell)
    }
}

/// Says what takes long, where it disturbs no output.
fn tell(words: &str) {
    eprintln!("workshop: {words}");
}

/// Writes to standard output. A reader who has left wants no more.
fn print(text: &str) {
    use std::io::Write;
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
