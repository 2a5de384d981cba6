//! The grader is right: every reference passes with full points, every open hole fails, and each named mistake is refused
//! with its own diagnosis and no other's.
//!
//! The whole takes minutes: `cargo test -p grader --test kill_table -- --ignored`. `KILL_TABLE_ONLY` names an exercise or a
//! stage, for those who write them. `cargo workshop mistakes` prints the table.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::{course, folder, grader};
use grader::course::{Course, Exercise, Wrong, replace, wrong_bodies};
use grader::doctor::needs_that_are_unknown;
use grader::grade::{Grader, Work};
use grader::judges;
use grader::outcome::{Outcome, Outcomes, Verdict};
use grader::paint::Paint;
use grader::show;
use grader::workbench::Workbench;

/// Fewer mistakes than these prove little.
const FEWEST_MISTAKES: usize = 3;
/// What `grade all` on the reference may take.
const BAR: Duration = Duration::from_secs(90);

/// Mistakes about entering a cgroup of version 1: with cgroup2 alone a process is born inside, and without rights it has none.
const NEED_VERSION_1: [(&str, &str); 1] = [("run-1", "enters-late")];

/// Mistakes that show only in a container, which not every host lets root of the sandbox make. Their judge then has one check
/// less, which names a container.
const NEED_A_CONTAINER: [(&str, &str); 2] = [("path-1", "own-path"), ("exec-1", "own-environment")];

/// Each of the long ones has the machine to itself.
static ALONE: Mutex<()> = Mutex::new(());

/// True when there is nothing here by which this mistake could be told from what is right.
fn cannot_be_seen(exercise: &Exercise, wrong: &Wrong, outcome: &Outcome) -> bool {
    let it = (exercise.id.as_str(), wrong.name.as_str());
    if NEED_A_CONTAINER.contains(&it) {
        return !outcome.checks.iter().any(|check| check.name.contains("container"));
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let has_version_1 = mounts.contains(" - cgroup ") && nix::unistd::geteuid().is_root();
    !has_version_1 && NEED_VERSION_1.contains(&it)
}

/// What is handed in, and what must become of it.
enum Case {
    Reference,
    Open,
    Mistake(Wrong),
}

/// The course's own files with other bodies in the holes of one exercise.
fn work(course: &Course, exercise: &Exercise, bodies: impl Fn(usize, bool) -> Option<String>) -> Work {
    let mut at = 0;
    let mut files = BTreeMap::new();
    for name in course.files_of(&exercise.id) {
        let is_script = name.extension().is_none_or(|extension| extension != "rs");
        let ours = std::fs::read_to_string(course.root.join(name)).unwrap();
        let theirs = replace(&ours, |id, _, _| {
            let is_it = id == exercise.id;
            let body = is_it.then(|| bodies(at, is_script)).flatten();
            at += usize::from(is_it);
            body
        });
        files.insert(name.to_owned(), theirs.unwrap());
    }
    Work::Files(files)
}

impl Case {
    fn all(course: &Course, exercise: &Exercise) -> Vec<Self> {
        let mistakes = wrong_bodies(course, exercise).unwrap();
        [Self::Reference, Self::Open].into_iter().chain(mistakes.into_iter().map(Self::Mistake)).collect()
    }

    fn work(&self, course: &Course, exercise: &Exercise) -> Work {
        work(course, exercise, |at, is_script| match self {
            Self::Reference => None,
            // Without its name, so that it is built and judged, and not only recognised.
            Self::Open if is_script => Some("exit 125\n".to_owned()),
            Self::Open => Some("todo!()\n".to_owned()),
            Self::Mistake(wrong) => wrong.bodies.get(at).cloned(),
        })
    }

    fn name(&self) -> &str {
        match self {
            Self::Reference => "(the reference)",
            Self::Open => "(the open hole)",
            Self::Mistake(wrong) => &wrong.name,
        }
    }

    /// What is not as it should be.
    fn complaint(&self, exercise: &Exercise, outcome: &Outcome) -> Option<String> {
        let named: Vec<_> = outcome.mistakes.iter().map(|(name, _)| name.as_str()).collect();
        let full = f64::from(exercise.points);
        let is_right = match (self, &outcome.verdict) {
            (_, Verdict::NotGradable(missing)) => !missing.why.contains("the grader could not go on"),
            (Self::Reference, Verdict::Passed) => outcome.score == full,
            (Self::Open, Verdict::Failed) => outcome.score == 0.0,
            (Self::Mistake(wrong), Verdict::Passed) => cannot_be_seen(exercise, wrong, outcome),
            (Self::Mistake(wrong), Verdict::Failed) => named == [wrong.name.as_str()] && outcome.score < full,
            _ => false,
        };
        (!is_right).then(|| format!("{}: {} is told {named:?}: {outcome:#?}", exercise.id, self.name()))
    }
}

/// Judges every case of these exercises, and gives what is not as it should be.
fn judged(grader: &Grader<'_>, course: &Course, exercises: &[&Exercise]) -> Vec<String> {
    let of = |exercise: &&'_ Exercise| {
        Case::all(course, exercise).into_iter().map(|case| (exercise.id.clone(), case)).collect::<Vec<_>>()
    };
    let cases: Vec<_> = exercises.iter().flat_map(of).collect();
    let exercise = |id: &str| course.exercise(id).unwrap();
    let jobs: Vec<_> = cases.iter().map(|(id, case)| (exercise(id), case.work(course, exercise(id)))).collect();
    let outcomes =
        grader.grade_all(&jobs, &|outcome| eprintln!("{:18} {:4.1} s", outcome.id, outcome.seconds)).unwrap();
    let mut complaints = Vec::new();
    let mut skipped = BTreeSet::new();
    for ((id, case), outcome) in cases.iter().zip(&outcomes.exercises) {
        complaints.extend(case.complaint(exercise(id), outcome));
        if let Verdict::NotGradable(missing) = &outcome.verdict {
            skipped.insert(format!("skipped: {id}: {}; {}", missing.why, missing.remedy));
        }
    }
    skipped.iter().for_each(|line| eprintln!("{line}"));
    complaints
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
#[ignore = "takes minutes: cargo test -p grader --test kill_table -- --ignored"]
fn every_mistake_is_told_its_own_diagnosis_and_no_other_s() {
    let _alone = ALONE.lock().unwrap_or_else(|failed| failed.into_inner());
    let course = course();
    let only = std::env::var("KILL_TABLE_ONLY").unwrap_or_else(|_| "all".to_owned());
    let grader = grader(&course);
    none(&judged(&grader, &course, &course.named(&only).unwrap()));
}

/// What two runs must agree on.
fn told(outcomes: &Outcomes) -> Vec<String> {
    let check = |check: &grader::checks::Check| format!("{} {:?} {:?}", check.name, check.passed, check.mistake);
    let one = |one: &Outcome| {
        let checks: Vec<_> = one.checks.iter().map(check).collect();
        format!("{} {:?} {}: {}", one.id, one.verdict, one.score, checks.join("; "))
    };
    outcomes.exercises.iter().map(one).collect()
}

#[test]
#[ignore = "takes minutes: cargo test -p grader --test kill_table -- --ignored"]
fn the_whole_reference_is_graded_twice_alike_and_within_the_bar() {
    let _alone = ALONE.lock().unwrap_or_else(|failed| failed.into_inner());
    let course = course();
    let grader = grader(&course);
    let jobs: Vec<_> = course.exercises().map(|exercise| (exercise, work(&course, exercise, |_, _| None))).collect();
    let run = || {
        let began = Instant::now();
        let outcomes = grader.grade_all(&jobs, &|_| {}).unwrap();
        let (score, points) = (outcomes.score(), outcomes.points());
        eprintln!("grade all: {:.1} s, {score} points of {points}", began.elapsed().as_secs_f64());
        assert!(began.elapsed() < BAR, "grade all took {:?}", began.elapsed());
        let gradable: Vec<_> = outcomes.exercises.iter().filter(|one| one.is_gradable()).collect();
        let failed = gradable.iter().filter(|one| !one.is_passed());
        none(&failed.map(|one| show::outcome(one, Paint::none())).collect::<Vec<_>>());
        let checks: usize = gradable.iter().map(|one| one.checks.len()).sum();
        assert!(checks >= 4 * gradable.len(), "{checks} checks for {} exercises", gradable.len());
        told(&outcomes)
    };
    assert_eq!(run(), run());
}

#[test]
#[ignore = "builds a whole workbench: cargo test -p grader --test kill_table -- --ignored"]
fn a_workbench_builds_with_all_holes_open_and_warns_of_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(|failed| failed.into_inner());
    let course = course();
    let home = tempfile::tempdir().unwrap();
    let (workbench, _) = Workbench::start(&course, &home.path().join("bench")).unwrap();
    let open = course.exercises().all(|exercise| workbench.is_open(&course, exercise));
    assert!(open, "an exercise is not open");
    // As rust-analyzer asks.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["check", "--workspace", "--all-targets"]).current_dir(workbench.folder());
    command.arg("--target-dir").arg(folder("workbench-target"));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("warning"), "{said}");
}

#[test]
fn every_exercise_is_complete() {
    let course = course();
    let mut complaints = Vec::new();
    for exercise in course.exercises() {
        let id = &exercise.id;
        if judges::judge_of(id).is_none() {
            complaints.push(format!("{id} has no judge"));
        }
        match wrong_bodies(&course, exercise) {
            Ok(found) if found.len() < FEWEST_MISTAKES => complaints.push(format!("{id} has {} mistakes", found.len())),
            Ok(_) => {}
            Err(error) => complaints.push(format!("{error:#}")),
        }
        let words = exercise.task.split_whitespace().count();
        if words < 8 {
            complaints.push(format!("{id}: a task of {words} words"));
        }
    }
    let known: BTreeSet<_> =
        course.exercises().map(|one| one.id.as_str()).chain(course.predictions().map(|one| one.id.as_str())).collect();
    complaints.extend(
        judges::ids().filter(|id| !known.contains(id)).map(|id| format!("{id} is judged, and no sheet has it")),
    );
    for prediction in course.predictions().filter(|one| judges::oracle_of(&one.id).is_none()) {
        complaints.push(format!("{} has no oracle", prediction.id));
    }
    none(&complaints);
}

#[test]
fn no_hint_gives_the_solution_away() {
    let course = course();
    let mut complaints = Vec::new();
    for exercise in course.exercises() {
        for name in course.files_of(&exercise.id) {
            let ours = std::fs::read_to_string(course.root.join(name)).unwrap();
            let lines = grader::course::bodies(&ours, &exercise.id).concat();
            let code = lines.lines().map(str::trim).filter(|line| line.len() > 40 && !line.starts_with("//"));
            let told = [exercise.hints.join("\n"), exercise.task.clone()].concat();
            complaints.extend(code.filter(|line| told.contains(line)).map(|line| format!("{}: {line}", exercise.id)));
        }
    }
    none(&complaints);
}

#[test]
fn every_need_is_one_that_doctor_knows() {
    let course = course();
    let needs: BTreeSet<_> = course.exercises().flat_map(|exercise| exercise.needs.clone()).collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stages/00-groundwork/src/preflight/need.rs");
    let unknown = needs_that_are_unknown(&std::fs::read_to_string(source).unwrap(), &needs);
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_reference_passes_and_a_mistake_is_told_its_diagnosis() {
    let course = course();
    let grader = grader(&course);
    let exercise = course.exercise("uts-1").unwrap();
    let cases = Case::all(&course, exercise);
    for case in cases.iter().take(3) {
        let outcome = grader.grade(exercise, &case.work(&course, exercise)).unwrap();
        none(&case.complaint(exercise, &outcome).into_iter().collect::<Vec<_>>());
    }
}
