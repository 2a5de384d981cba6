//! A report on a class: who reached what, and which mistakes were made by whom.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::export::csv_line;
use crate::outcome::{Outcome, Outcomes, Verdict};

/// One line a submission, one column an exercise.
pub fn scores(all: &[Outcomes]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let ids = first.exercises.iter().map(|one| one.id.clone());
    let head: Vec<_> = ["whose", "score", "points"].into_iter().map(str::to_owned).chain(ids).collect();
    let row = |one: &Outcomes| {
        let each = one.exercises.iter().map(cell);
        let fields: Vec<_> =
            [one.whose.clone(), one.score().to_string(), one.points().to_string()].into_iter().chain(each).collect();
        csv_line(&fields)
    };
    csv_line(&head) + &all.iter().map(row).collect::<String>()
}

fn cell(outcome: &Outcome) -> String {
    match outcome.verdict {
        Verdict::NotGradable(_) => String::new(),
        _ => outcome.score.to_string(),
    }
}

/// For people, in Markdown.
pub fn report(all: &[Outcomes]) -> String {
    let mut text =
        "# Report\n\n## Scores\n\n| whose | score | of | passed | failed | open |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for one in all {
        let count = |is_it: &dyn Fn(&Outcome) -> bool| one.exercises.iter().filter(|outcome| is_it(outcome)).count();
        let passed = count(&Outcome::is_passed);
        let open = count(&|outcome| outcome.verdict == Verdict::Open);
        let failed = count(&|outcome| outcome.is_gradable() && outcome.has_begun() && !outcome.is_passed());
        let whose = one.whose.replace('|', "\\|");
        let _ = writeln!(text, "| {whose} | {} | {} | {passed} | {failed} | {open} |", one.score(), one.points());
    }
    text.push_str("\n## Exercises\n\n| exercise | handed in | passed | does not compile |\n|---|---|---|---|\n");
    for (at, exercise) in all.first().into_iter().flat_map(|one| one.exercises.iter().enumerate()) {
        let each = || all.iter().filter_map(|one| one.exercises.get(at));
        let begun = each().filter(|one| one.has_begun()).count();
        let passed = each().filter(|one| one.is_passed()).count();
        let broken = each().filter(|one| matches!(one.verdict, Verdict::DoesNotCompile { .. })).count();
        let _ = writeln!(text, "| `{}` {} | {begun} | {passed} | {broken} |", exercise.id, exercise.title);
    }
    text + &mistakes(all)
}

/// The named mistakes, the most frequent first.
fn mistakes(all: &[Outcomes]) -> String {
    let mut who = BTreeMap::<(&str, &str, &str), Vec<&str>>::new();
    for one in all {
        for outcome in &one.exercises {
            for (name, diagnosis) in &outcome.mistakes {
                who.entry((&outcome.id, name, diagnosis)).or_default().push(&one.whose);
            }
        }
    }
    let mut each: Vec<_> = who.into_iter().collect();
    each.sort_by_key(|(_, who)| std::cmp::Reverse(who.len()));
    let mut text = "\n## Mistakes\n\n".to_owned();
    if each.is_empty() {
        text.push_str("None that has a name.\n");
        return text;
    }
    text.push_str("| how many | exercise | mistake | what it is | who |\n|---|---|---|---|---|\n");
    for ((id, name, diagnosis), who) in each {
        let _ = writeln!(
            text,
            "| {} | `{id}` | `{name}` | {diagnosis} | {} |",
            who.len(),
            who.join(", ").replace('|', "\\|")
        );
    }
    text
}
