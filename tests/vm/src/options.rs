//! The command line.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};

use super::cache::Cache;
use super::image::Content;
use super::machine::{self, Machine, Parts};
use super::package::Kernel;
use super::programs::{Built, repository};
use super::session::Request;
use super::{disk, hosts, pins, progress, renew, trial};

const EXAMPLES: &str = "\
Examples:
  cargo workshop vm                          a shell in the machine, as root
  cargo workshop vm --user                   the same, as the ordinary user learner
  cargo workshop vm -- doctor                one command; its output and its exit status are this one's
  cargo workshop vm --bin workbench/target/debug -- limit --memory 50M -- sh
  cargo workshop vm test                     everything that the course promises of such a host

What to know:
  - Nothing here needs root. What is written in the machine is gone when it ends.
  - The first start fetches a kernel of 26 MB from a Debian mirror. What is fetched and made is kept in
    $BOXWRIGHT_VM, or ~/.cache/boxwright/vm.
  - The course lies in the machine at the path it has here; the programs of the stages are in /usr/local/bin.";

/// A small Linux of the course's own, with pure cgroup v2, delegated to an ordinary user
#[derive(Debug, Parser)]
#[command(name = "vm", bin_name = "cargo workshop vm", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    machine: Choice,
    /// Run it as the ordinary user, not as root
    #[arg(long)]
    user: bool,
    /// A command and its arguments [default: a shell]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Fetch and make everything that a start needs
    Prepare(Choice),
    /// Try the course in the machine: as root and as an ordinary user, on several kernels
    Test(trial::Test),
    /// Show what the hosts tried so far can do, as the book has it
    Hosts(hosts::Show),
    /// Take the newest kernels of the mirror into kernels.json
    Pin,
}

/// Which machine.
#[derive(Args, Clone, Debug)]
pub(crate) struct Choice {
    /// One of kernels.json, a kernel image, or a Debian package [default: the first of kernels.json]
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) kernel: Option<String>,
    /// Where the modules of a kernel image are [default: /lib/modules/ and its release]
    #[arg(long, value_name = "DIR")]
    pub(crate) modules: Option<PathBuf>,
    /// No disk: live in the root that the kernel unpacks at its start, which pivot_root refuses to leave
    #[arg(long)]
    pub(crate) initramfs: bool,
    /// Take the programs of the stages from here [default: build them]
    #[arg(long, value_name = "DIR")]
    pub(crate) bin: Option<PathBuf>,
    /// Memory, as qemu reads it
    #[arg(long, default_value = "2G")]
    pub(crate) memory: String,
    /// Processors [default: 2, or 1 if this host has no more]
    #[arg(long)]
    pub(crate) processors: Option<usize>,
    /// Emulate the processor even where it could help
    #[arg(long)]
    pub(crate) emulate: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self::of_words(&[])
    }
}

/// Runs this program on the host.
pub fn main() -> ExitCode {
    let options = Options::parse();
    options.run().map_or_else(
        |error| {
            eprintln!("vm: {error:#}");
            ExitCode::from(125)
        },
        ExitCode::from,
    )
}

impl Options {
    fn run(self) -> Result<u8> {
        match self.verb {
            Some(Verb::Prepare(choice)) => {
                choice.parts(&choice.built()?, false)?;
                progress::say("everything is there");
                Ok(0)
            }
            Some(Verb::Test(test)) => test.run(),
            Some(Verb::Hosts(show)) => show.run(),
            Some(Verb::Pin) => renew::renew(),
            None => run(&self.machine, self.user, &self.command),
        }
    }
}

/// One command, or a shell, in a machine of its own.
fn run(choice: &Choice, user: bool, command: &[String]) -> Result<u8> {
    let terminal = command.is_empty();
    let size = rustix::termios::tcgetwinsize(std::io::stdin()).map(|size| (size.ws_row, size.ws_col));
    if terminal && !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        bail!("a shell needs a terminal\nhint: give a command: `vm -- COMMAND`");
    }
    let parts = choice.parts(&choice.built()?, terminal)?;
    // qemu makes the terminal raw, and is not asked to end.
    let saved = rustix::termios::tcgetattr(std::io::stdin()).ok().filter(|_| terminal);
    let machine = Machine::start(&parts)?;
    if terminal {
        progress::say(&format!("ready after {:.1} s; `exit` ends the machine\r", machine.started_in.as_secs_f32()));
    }
    // bash(1) says in its prompt who one is.
    let shell = ["sh", "-c", "command -v bash >/dev/null && exec bash -l || exec sh -l"].map(str::to_owned).to_vec();
    let mut request = Request {
        command: if terminal { shell } else { command.to_vec() },
        user,
        folder: repository().display().to_string(),
        terminal: size.ok().filter(|_| terminal),
        input: !terminal,
        ..Request::default()
    };
    let inherited = ["TERM", "NO_COLOR", "COLORTERM"].map(|name| (name.to_owned(), std::env::var(name)));
    request.environment.extend(inherited.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))));
    let status = machine.lines.run(&request);
    let status = status.with_context(|| format!("the machine's console:\n{}", machine.console()));
    drop(machine);
    if let Some(saved) = saved {
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &saved);
    }
    status
}

impl Choice {
    /// As if they stood on the command line.
    pub(crate) fn of_words(words: &[&str]) -> Self {
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            choice: Choice,
        }
        Only::parse_from(std::iter::once("vm").chain(words.iter().copied())).choice
    }

    /// The programs that go into the machine.
    pub(crate) fn built(&self) -> Result<Built> {
        // What cannot work anyway is said before half a minute of building.
        machine::qemu()?;
        self.bin.as_deref().map_or_else(Built::programs, Built::found_in)
    }

    /// Everything a start needs, made where it is not there yet.
    pub(crate) fn parts(&self, built: &Built, terminal: bool) -> Result<Parts> {
        let cache = Cache::open()?;
        let _lock = cache.lock()?;
        self.with(&Content::of(built), &cache, terminal)
    }

    /// The same, with whatever is to be in it.
    pub(crate) fn with(&self, content: &Content, cache: &Cache, terminal: bool) -> Result<Parts> {
        let kernel = self.kernel(cache)?;
        let disks = || Ok::<_, anyhow::Error>([content.disk(cache)?, disk::swap(cache)?]);
        let here = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Parts {
            archive: content.archive(cache, &kernel, self.initramfs)?,
            kernel: kernel.file,
            disks: (!self.initramfs).then(disks).transpose()?,
            memory: self.memory.clone(),
            processors: self.processors.unwrap_or(here.min(2)),
            accelerated: !self.emulate && machine::is_accelerated(),
            terminal,
        })
    }

    pub(crate) fn kernel(&self, cache: &Cache) -> Result<Kernel> {
        let pins = pins::Pins::read()?;
        match self.kernel.as_deref() {
            None => pins.kernels[0].prepared(cache, &pins),
            Some(file) if Path::new(file).is_file() => pins::given(cache, Path::new(file), self.modules.as_deref()),
            Some(name) => pins.named(name)?.prepared(cache, &pins),
        }
    }
}
