use super::*;
use crate::cause::{Cause, Kind};

fn blocked() -> Verdict {
    Verdict::Blocked(Cause::new(Kind::Unknown, "why", "remedy"))
}

/// A host on which these do not work.
fn without<'a>(missing: &'a [Need]) -> impl Fn(Need) -> Verdict + 'a {
    |need| if missing.contains(&need) { blocked() } else { Verdict::works() }
}

fn stage(name: &str) -> &'static Stage {
    STAGES.iter().find(|stage| stage.name == name).unwrap()
}

#[test]
fn a_host_that_can_do_all_has_working_stages() {
    for stage in &STAGES {
        assert_eq!(stage.verdict(without(&[])), Verdict::works(), "{}", stage.name);
    }
}

#[test]
fn a_host_that_can_do_nothing_still_has_what_needs_nothing() {
    let verdicts: Vec<_> = STAGES.iter().map(|stage| stage.verdict(without(Need::all())).word()).collect();
    assert_eq!(verdicts, ["limited", "blocked", "blocked", "blocked", "blocked", "limited", "blocked", "blocked"]);
}

#[test]
fn a_program_without_what_it_needs_limits_its_stage() {
    let verdict = stage("02-unshare").verdict(without(&[TimeNamespace]));
    let Verdict::Limited { what, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(what, "unshare-time is blocked");
}

#[test]
fn what_only_helps_limits_a_program_and_is_named() {
    let verdict = stage("07-run").verdict(without(&[MemoryLimit, PidsLimit]));
    let Verdict::Limited { what, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(what, "without memory-limit, pids-limit");
}

#[test]
fn one_of_several_is_enough() {
    let limit = &stage("06-cgroup").programs[0];
    assert_eq!(limit.verdict(without(&[MemoryLimit, CpuLimit, CpusetLimit, IoLimit])).word(), "limited");
    assert!(limit.verdict(without(limit.one_of)).is_blocked());
}

#[test]
fn every_need_is_somebodys() {
    let asked: Vec<_> = STAGES.iter().flat_map(|stage| stage.programs).flat_map(Program::all_needs).collect();
    let idle: Vec<_> = Need::all().iter().filter(|need| !asked.contains(need)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn a_verdict_survives_json() {
    let limited = Verdict::Limited { what: "what".to_owned(), cause: Cause::new(Kind::CgroupV1, "why", "remedy") };
    for verdict in [Verdict::works(), Verdict::works_by("cgroup v2"), limited, blocked()] {
        let text = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict, "{text}");
    }
}
