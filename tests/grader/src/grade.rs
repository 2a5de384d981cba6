//! Judging: one exercise after the other, each in a sandbox of its own.

mod answer;
mod parallel;
mod rootfs;
mod summary;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub use answer::Answered;
use anyhow::{Context, Result};
use parallel::in_parallel;
use summary::summed_up;
use tempfile::TempDir;

use crate::bench::{Bench, Kit};
use crate::checks::{Checks, Stop};
use crate::course::{Course, Exercise};
use crate::doctor::{Doctor, kebab};
use crate::forge::{DoesNotCompile, Forge, LABS, REFERENCE, Sources, is_open, only_this_exercise};
use crate::judges::judge_of;
use crate::outcome::{Missing, Outcome, Outcomes, Verdict};
use crate::process::Process;
use crate::sandbox::Walls;

/// Somebody's work on an exercise.
#[derive(Clone, Debug)]
pub enum Work {
    /// Their copies of the files that have holes of it, by the path seen from the root of the course.
    Files(BTreeMap<PathBuf, String>),
    /// A folder with their programs, whatever they are made of.
    Programs(PathBuf),
}

/// Everything that judging takes.
pub struct Grader<'a> {
    course: &'a Course,
    folder: PathBuf,
    /// None where no sandbox can be built.
    forge: Mutex<Option<Forge>>,
    helper: PathBuf,
    doctor: Doctor,
    rootfs: PathBuf,
    /// The walls of each sandbox.
    pub walls: Walls,
}

/// What the folders of single judgings are called.
const JOB: &str = "job-";

/// Exercises with one of these needs get every cgroup controller.
const ABOUT_CGROUPS: [&str; 9] = [
    "cgroup-namespace",
    "cgroup-v2",
    "clone-into-cgroup",
    "cpu-limit",
    "cpuset-limit",
    "freeze",
    "io-limit",
    "memory-limit",
    "pids-limit",
];

impl<'a> Grader<'a> {
    /// Opens the forge in `folder`, and asks doctor. `helper` is the program `workshop`; `tell` hears what takes long.
    ///
    /// # Errors
    /// The course cannot be built, or the folder not be written to.
    pub fn open(course: &'a Course, folder: &Path, helper: &Path, tell: &dyn Fn(&str)) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let folder = &folder.canonicalize().with_context(|| folder.display().to_string())?;
        let mut grader = Self {
            course,
            folder: folder.clone(),
            forge: Mutex::new(None),
            helper: helper.to_owned(),
            doctor: Doctor::default(),
            rootfs: PathBuf::new(),
            walls: Walls::default(),
        };
        let forge = Forge::open(course, folder, helper)?;
        clear_jobs(folder);
        // Where no sandbox can be built, nothing can be, and nothing be judged.
        if let Err(error) = grader.kit(folder, true).and_then(Bench::open) {
            let unknown =
                || Missing { why: format!("{error:#}"), remedy: "see what `doctor` says of this host".into() };
            grader.doctor = Doctor::without(forge.diagnose(tell)?.unwrap_or_else(unknown));
            return Ok(grader);
        }
        forge.build_reference(course, tell)?;
        grader.rootfs = rootfs::made(&course.root, folder, tell)?;
        grader.forge = Mutex::new(Some(forge));
        grader.doctor = {
            let reference = folder.join(REFERENCE);
            Doctor::ask(&Bench::open(grader.kit(&reference, true)?)?, &reference.join("doctor"))?
        };
        Ok(grader)
    }

    /// Judges an exercise. Several threads may ask at once; programs are built one after the other.
    ///
    /// # Errors
    /// The grader itself cannot go on: a disk is full, cargo is missing.
    pub fn grade(&self, exercise: &Exercise, work: &Work) -> Result<Outcome> {
        let mut waited = Duration::ZERO;
        let began = Instant::now();
        let outcome = self.outcome(exercise, work, &mut waited)?;
        Ok(outcome.after(began.elapsed().saturating_sub(waited)))
    }

    /// Judges several, as many at once as there are processors, and tells `each` as soon as it and all before it are done.
    ///
    /// # Errors
    /// As [`Grader::grade`].
    pub fn grade_all(&self, jobs: &[(&Exercise, Work)], each: &dyn Fn(&Outcome)) -> Result<Outcomes> {
        let exercises = in_parallel(jobs, |(exercise, work)| self.grade(exercise, work), each)?;
        Ok(Outcomes { exercises, ..Outcomes::default() })
    }

    fn outcome(&self, exercise: &Exercise, work: &Work, waited: &mut Duration) -> Result<Outcome> {
        if work.is_open(exercise) {
            return Ok(Outcome::of(exercise, Verdict::Open));
        }
        if let Some(missing) = self.doctor.missing(&exercise.needs)? {
            return Ok(Outcome::of(exercise, Verdict::NotGradable(missing)));
        }
        let built = self.job().context("the forge cannot be written to")?;
        let judged = match work {
            Work::Programs(folder) => folder.as_path(),
            Work::Files(files) => match self.build(exercise, files, built.path(), waited) {
                Ok(()) => built.path(),
                Err(error) => {
                    let DoesNotCompile(words) = error.downcast()?;
                    return Ok(Outcome::of(exercise, Verdict::DoesNotCompile { words }));
                }
            },
        };
        self.judge(exercise, judged)
    }

    /// A folder for what is built for one judging. Whoever runs a program must be able to reach it.
    fn job(&self) -> std::io::Result<TempDir> {
        use std::os::unix::fs::PermissionsExt;
        let open = fs::Permissions::from_mode(0o755);
        let prefix = format!("{JOB}{}-", std::process::id());
        tempfile::Builder::new().prefix(&prefix).permissions(open).tempdir_in(&self.folder)
    }

    /// Builds what is to be judged. Waiting for others who build is not our time.
    fn build(
        &self,
        exercise: &Exercise,
        files: &BTreeMap<PathBuf, String>,
        into: &Path,
        waited: &mut Duration,
    ) -> Result<()> {
        let began = Instant::now();
        let forge = self.forge.lock().unwrap_or_else(|failed| failed.into_inner());
        *waited = began.elapsed();
        let forge = forge.as_ref().context("there is no forge")?;
        let mut sources = Sources::new();
        for (name, theirs) in files {
            let ours = self.course.root.join(name);
            let ours = fs::read_to_string(&ours).with_context(|| ours.display().to_string())?;
            sources.extend(only_this_exercise(&forge.copy(), name, &ours, theirs, &exercise.id)?);
        }
        let package = |program: &String| Some((self.course.package_of(program)?.to_owned(), program.clone()));
        let programs: Vec<_> = exercise.programs.iter().filter_map(package).collect();
        forge.build(&sources, &programs, &exercise.stage, into)
    }

    fn judge(&self, exercise: &Exercise, judged: &Path) -> Result<Outcome> {
        let Some(judge) = judge_of(&exercise.id) else {
            let missing =
                Missing { why: "nobody can judge this yet".into(), remedy: "bring the course up to date".into() };
            return Ok(Outcome::of(exercise, Verdict::NotGradable(missing)));
        };
        let bench = Bench::open(self.kit(judged, is_about_cgroups(&exercise.needs))?)?;
        let mut checks = Checks::default();
        let end = catch_unwind(AssertUnwindSafe(|| (judge.judge)(&bench, &mut checks)));
        let end = end.unwrap_or_else(|_| Err(Stop::Trouble(anyhow::anyhow!("the judge stumbled: please report this"))));
        let mut outcome = summed_up(exercise, &bench, checks, end);
        outcome.leaks.extend(bench.close().into_iter().map(|leak| leak.0));
        Ok(outcome)
    }

    fn kit(&self, judged: &Path, all_controllers: bool) -> Result<Kit> {
        let base = self.folder.join("base");
        fs::create_dir_all(&base).with_context(|| base.display().to_string())?;
        Ok(Kit {
            helper: self.helper.clone(),
            judged: judged.to_owned(),
            reference: self.folder.join(REFERENCE),
            labs: judged.join(LABS),
            rootfs: self.rootfs.clone(),
            base,
            all_controllers,
            walls: self.walls,
        })
    }
}

impl Work {
    /// True when nothing has been written yet.
    fn is_open(&self, exercise: &Exercise) -> bool {
        match self {
            Self::Files(files) => files.is_empty() || files.values().any(|text| is_open(text, &exercise.id)),
            Self::Programs(folder) => !exercise.programs.iter().any(|program| folder.join(program).exists()),
        }
    }
}

fn is_about_cgroups(needs: &[String]) -> bool {
    needs.iter().any(|need| ABOUT_CGROUPS.contains(&kebab(need).as_str()))
}

/// Left there by a grader that was killed: its number stands in their names.
fn clear_jobs(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(JOB).and_then(|rest| rest.split('-').next()?.parse().ok());
        if pid.is_some_and(|pid| !Process(pid).is_alive()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
