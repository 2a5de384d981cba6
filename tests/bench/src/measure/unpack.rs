//! `unpack` and `commit`: archives into directories and back.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Bench;
use super::{image, layer};
use crate::contender::Contender;
use crate::peers::which;
use crate::programs;
use crate::report::Table;
use crate::turns;
use crate::user::User;

/// Each takes seconds: an eighth of the rounds, and not less than these.
const FEWEST: usize = 3;
const SHARE: usize = 8;
/// How many files a container has changed.
const CHANGED: usize = 10_000;

fn rounds(bench: &Bench) -> usize {
    (bench.rounds / SHARE).max(FEWEST.min(bench.rounds))
}

pub(super) fn unpack(bench: &Bench) -> Result<Vec<Table>> {
    let (directory, kind) = bench.in_memory()?;
    let directory = PathBuf::from(directory);
    let layer = layer::make(&directory, bench.layer)?;
    let program = programs::build_static("overlay", "unpack-layer", &bench.scratch.join("programs"))?;
    let out = directory.join("out");
    let mut tables = Vec::new();
    for (variant, archive) in [("plain", &layer.plain), ("gzip", &layer.gzip)] {
        let mut contenders = unpackers(&program, archive, &out, variant == "gzip");
        let image = image::beside(archive);
        image::make(&image, archive, &layer.plain)?;
        contenders.extend(image::contenders(&image, &out));
        let fresh = || make_fresh(&out);
        let turns = turns::take_after(&format!("unpack, {variant}"), contenders, rounds(bench), &fresh)?;
        let mut table =
            Table::of_turns("unpack", variant, &turns, &["tar", "tar with gzip", "unpack-layer"]).with_peaks(&turns);
        table.notes.push(format!("{}; archive and directory are on {kind}", layer.words));
        table.notes.push(format!(
            "{} rounds; of memory less than {} KiB cannot be seen",
            rounds(bench),
            own_peak_kib()
        ));
        tables.push(table);
    }
    make_fresh(&out)?;
    for archive in [&layer.plain, &layer.gzip] {
        fs::remove_dir_all(image::beside(archive))?;
        fs::remove_file(archive)?;
    }
    Ok(tables)
}

fn unpackers(program: &Path, archive: &Path, out: &Path, is_gzip: bool) -> Vec<Contender> {
    let (program, archive, out) =
        (program.display().to_string(), archive.display().to_string(), out.display().to_string());
    let mut all = vec![Contender::new("unpack-layer", &[&program, &archive, &out])];
    if !is_gzip {
        all.push(Contender::new("tar", &["tar", "--extract", "--file", &archive, "--directory", &out]));
    } else {
        all.push(Contender::new(
            "tar with gzip",
            &["tar", "--extract", "--gzip", "--file", &archive, "--directory", &out],
        ));
    }
    if which("bsdtar").is_some() {
        all.push(Contender::new("bsdtar", &["bsdtar", "-x", "-f", &archive, "-C", &out]));
    }
    if is_gzip && which("pigz").is_some() {
        let words = ["tar", "--extract", "--use-compress-program=pigz", "--file", &archive, "--directory", &out];
        all.push(Contender::new("tar with pigz", &words));
    }
    all
}

/// An empty directory; and what is waiting for the disk is there before the clock starts.
fn make_fresh(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| directory.display().to_string())?;
    }
    fs::create_dir_all(directory)?;
    nix::unistd::sync();
    Ok(())
}

/// A process begins as a copy of the one that starts it.
fn own_peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.unwrap_or(0)
}

pub(super) fn commit(bench: &Bench) -> Result<Vec<Table>> {
    let (directory, kind) = bench.in_memory()?;
    let out = PathBuf::from(directory).join("commit.tar");
    let shown = out.display().to_string();
    let root = bench.root.display().to_string();
    let change = format!(
        "mkdir /srv/changed && cd /srv/changed && i=0; while [ $i -lt {CHANGED} ]; do \
         [ $((i % 100)) = 0 ] && mkdir -p d$((i / 100)); echo \"this is file $i\" >d$((i / 100))/f$i; i=$((i + 1)); done"
    );
    fs::create_dir_all(bench.root.join("srv"))?;
    bench
        .boxwright(User::Self_, &["run", "--name", "commit", "--no-cgroup", &root, "--", "sh", "-c", &change])?
        .run()?;
    let upper = upper(&bench.home(User::Self_)?).context("no upper layer has the changed files")?;
    let files = fs::read_dir(upper.join("srv/changed"))?.count();
    ensure!(files == CHANGED / 100, "the container has changed {files} directories");
    let upper = upper.display().to_string();
    let mut contenders = vec![
        bench.boxwright(User::Self_, &["commit", "commit", &shown])?,
        Contender::new("tar", &["tar", "--create", "--file", &shown, "--directory", &upper, "."]),
    ];
    if which("bsdtar").is_some() {
        contenders.push(Contender::new("bsdtar", &["bsdtar", "-c", "-f", &shown, "-C", &upper, "."]));
    }
    let remove = || {
        nix::unistd::sync();
        if out.exists() { Ok(fs::remove_file(&out)?) } else { Ok(()) }
    };
    let turns = turns::take_after("commit", contenders, bench.rounds, &remove)?;
    bench.boxwright(User::Self_, &["rm", "commit"])?.run()?;
    let mut table = Table::of_turns("commit", "10000 changed files", &turns, &["tar"]).with_peaks(&turns);
    table.notes.push(format!("tar makes an archive of the same upper directory; archives are written to {kind}"));
    Ok(vec![table])
}

/// The directory below `home` in which the container's changes are.
fn upper(home: &Path) -> Option<PathBuf> {
    let entries: Vec<_> = fs::read_dir(home)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect();
    let here = entries.iter().find(|path| path.join("srv/changed").is_dir()).cloned();
    here.or_else(|| entries.iter().find_map(|path| upper(path)))
}
