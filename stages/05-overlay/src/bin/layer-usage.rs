//! `layer-usage LAYER… [--state STATE]…`: what containers hold alone, and what they share.
#![expect(clippy::print_stdout, reason = "the table is this program's answer")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use nix::errno::Errno;
use overlay::{Sizes, Usage, size_in_words};

const EXAMPLES: &str = "\
Examples:
  layer-usage base tools                            an image of two layers, the lowest first
  layer-usage base tools --state one --state two    two containers on it
  layer-usage --json base --state one | jq '.containers[0].usage.seen.size'

What to know:
  - The size of a container is what it has written. Its virtual size is what it sees: with its
    image, and without what is deleted or covered. Ten containers on one image need its room once.
  - A file with several names counts once. A file with holes is longer than the room it takes,
    and a small one takes a whole block.
  - A file changed by one byte is copied up whole: the container then holds all of it.

See also: stat(2), du(1); overlayfs in the kernel's documentation";

/// Show how large layers are, and what is seen of them
///
/// Layers are shared, so a container has two sizes: what it holds alone, and what it sees through all
/// its layers. Adding up the second one over all containers would count the image each time.
#[derive(Parser)]
#[command(version, about, long_about, after_help = EXAMPLES)]
struct Options {
    /// The layers of the image, the lowest first
    #[arg(value_name = "LAYER")]
    layers: Vec<PathBuf>,
    /// A container on these layers: the --state of enter-overlay; may be given again
    #[arg(long, value_name = "STATE")]
    state: Vec<PathBuf>,
    /// As JSON, in bytes
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        ensure!(!(self.layers.is_empty() && self.state.is_empty()), "name a layer, or a container with --state");
        match self.measure() {
            Err(error) if error.chain().any(|cause| cause.downcast_ref() == Some(&Errno::EACCES)) => {
                overlay::with_every_file(kernel, |_| self.measure())
            }
            measured => measured,
        }
    }
}

/// A container and the stack that it sees: the image, the init layer if there is one, and its own.
#[derive(serde::Serialize)]
struct Container {
    state: PathBuf,
    usage: Usage,
}

impl Options {
    fn measure(&self) -> Result<ExitCode> {
        if let Some(none) = self.layers.iter().find(|layer| !layer.is_dir()) {
            bail!("{} is not a directory; name one that unpack-layer has made", none.display());
        }
        let image = overlay::usage(&self.layers)?;
        let containers: Vec<_> = self.state.iter().map(|state| self.container(state)).collect::<Result<_>>()?;
        if self.json {
            println!("{}", serde_json::json!({ "image": image, "containers": containers }));
        } else {
            print!("{}{}", image_table(&image), container_table(&image, &containers));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn container(&self, state: &Path) -> Result<Container> {
        let upper = state.join("upper");
        ensure!(upper.is_dir(), "{} has no upper layer; name the --state of enter-overlay", state.display());
        let own = [state.join("init"), upper].into_iter().filter(|layer| layer.is_dir());
        let stack: Vec<_> = self.layers.iter().cloned().chain(own).collect();
        Ok(Container { state: state.to_owned(), usage: overlay::usage(&stack)? })
    }
}

fn image_table(image: &Usage) -> String {
    if image.layers.is_empty() {
        return String::new();
    }
    let head = ["LAYER", "FILES", "SIZE", "ON DISK", "SEEN"].map(str::to_owned);
    let row = |name: String, held: Sizes, seen: Sizes| {
        [name, held.files.to_string(), size_in_words(held.size), size_in_words(held.disk), size_in_words(seen.size)]
    };
    let layers = image.layers.iter().map(|layer| row(layer.directory.display().to_string(), layer.held, layer.seen));
    let all = image.layers.iter().fold(Sizes::default(), |mut sum, layer| {
        sum += layer.held;
        sum
    });
    table(std::iter::once(head).chain(layers).chain([row("all".to_owned(), all, image.seen)]).collect())
}

fn container_table(image: &Usage, containers: &[Container]) -> String {
    if containers.is_empty() {
        return String::new();
    }
    let head = ["CONTAINER", "FILES", "SIZE", "ON DISK", "VIRTUAL SIZE"].map(str::to_owned);
    let rows = containers.iter().map(|container| {
        let own = container.usage.layers.last().map(|layer| layer.held).unwrap_or_default();
        let name = container.state.display().to_string();
        let virtual_size = size_in_words(container.usage.seen.size);
        [name, own.files.to_string(), size_in_words(own.size), size_in_words(own.disk), virtual_size]
    });
    let between = if image.layers.is_empty() { "" } else { "\n" };
    let table = table(std::iter::once(head).chain(rows).collect());
    let shared: u64 = image.layers.iter().map(|layer| layer.held.disk).sum();
    let count = containers.len() as u64;
    let saved = match count {
        2.. if shared > 0 => format!(
            "\n{} of layers, stored once for {count} containers; a copy for each would take {}\n",
            size_in_words(shared),
            size_in_words(shared * count)
        ),
        _ => String::new(),
    };
    format!("{between}{table}{saved}")
}

/// Columns as wide as their widest cell; the first one to the left, numbers to the right.
fn table(rows: Vec<[String; 5]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..5).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        text.push_str(&format!("{:<width$}", row[0], width = widths[0]));
        for column in 1..5 {
            text.push_str(&format!("  {:>width$}", row[column], width = widths[column]));
        }
        text.push('\n');
    }
    text
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
