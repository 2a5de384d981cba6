//! `layers`: the same start, writable, on a root of 1 to 128 layers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Bench;
use crate::contender::Contender;
use crate::report::Table;
use crate::stats::Summary;
use crate::turns;
use crate::user::User;

/// What images have, and what overlayfs can do at most in some runtimes.
const COUNTS: [usize; 4] = [1, 10, 50, 128];

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let layers = make(bench)?;
    let mut table = Table::new("layers", "writable, no cgroup", "ms");
    let (mut contenders, mut notes) = (Vec::new(), Vec::new());
    for count in COUNTS {
        let sees_all = format!(
            "test -d /usr/share/layer-{count} && echo x >/written && test -s /written && rm /written && test $$ = 1"
        );
        let look = ["/bin/sh", "-c", &sees_all];
        for (looking, contender) in
            both(bench, &layers, count, &look)?.into_iter().zip(both(bench, &layers, count, &["/bin/true"])?)
        {
            match looking.run() {
                Ok(_) => contenders.push(contender),
                Err(error) => notes.push(format!("left out: {error:#}")),
            }
        }
    }
    let turns = turns::take("layers", contenders, bench.rounds)?;
    let all = Table::of_turns("layers", &table.variant, &turns, &["boxwright 1", "floor 1"]);
    table.lines = all.lines;
    table.notes = all.notes.into_iter().chain(notes).collect();
    let taken: Vec<_> = turns.names().into_iter().zip(turns.times()).collect();
    for line in &mut table.lines {
        let Some(count) = line.name.strip_prefix("boxwright ") else { continue };
        let of = |name: &str| taken.iter().find(|(its, _)| its == name).map(|(_, times)| times);
        if let (Some(ours), Some(floor)) = (of(&line.name), of(&format!("floor {count}"))) {
            line.ratios.insert("floor alike".to_owned(), Summary::of_ratios(ours, floor));
        }
    }
    Ok(vec![table])
}

/// Directories 1 to 128. The first is the root file system; each of the others has a directory of its own beside those of
/// all, and another version of a file that all have.
fn make(bench: &Bench) -> Result<PathBuf> {
    let layers = bench.scratch.join("layers");
    fs::create_dir_all(layers.join("merged"))?;
    symlink(&bench.root, layers.join("1"))?;
    fs::create_dir_all(bench.root.join("usr/share/layer-1"))?;
    for number in 2..=COUNTS[COUNTS.len() - 1] {
        let layer = layers.join(number.to_string());
        let own = layer.join(format!("usr/share/layer-{number}"));
        fs::create_dir_all(&own)?;
        fs::create_dir_all(layer.join("etc"))?;
        fs::write(own.join("file"), format!("{number}\n").repeat(100))?;
        fs::write(layer.join("etc/layer"), format!("{number}\n"))?;
    }
    Ok(layers)
}

fn both(bench: &Bench, layers: &Path, count: usize, inside: &[&str]) -> Result<Vec<Contender>> {
    let all: Vec<_> = (1..=count).map(|number| layers.join(number.to_string()).display().to_string()).collect();
    let mut words = vec!["run", "--rm", "--no-cgroup"];
    words.extend(all.iter().map(String::as_str));
    words.push("--");
    words.extend(inside);
    let mut ours = bench.boxwright(User::Self_, &words)?;
    let (floor, merged) = (bench.programs.floor.display().to_string(), layers.join("merged").display().to_string());
    let option = format!("{}:{count}", layers.display());
    let mut words = vec![floor.as_str(), "--layers", &option];
    words.extend((!User::Self_.is_root()).then_some("--user"));
    words.push(&merged);
    words.extend(inside);
    let mut floor = Contender::new("floor", &words);
    for contender in [&mut ours, &mut floor] {
        contender.name = format!("{} {count}", contender.name);
    }
    Ok(vec![ours, floor])
}
