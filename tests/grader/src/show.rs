//! What came of judging, for people: what was done, what was seen, what that means, where to read on.

use std::fmt::Write as _;

use crate::checks::Check;
use crate::outcome::{Outcome, Outcomes, Verdict};
use crate::paint::{Paint, wrapped};

/// Where the text of a line about a check begins.
const INDENT: usize = 14;

/// One exercise.
pub fn outcome(outcome: &Outcome, paint: Paint) -> String {
    let mut text = format!("{}  {}\n", paint.bold(&outcome.id), outcome.title);
    match &outcome.verdict {
        Verdict::Passed | Verdict::Failed => text.push_str(&judged(outcome, paint)),
        Verdict::Open => {
            let _ = writeln!(text, "  {}  its hole is as it was cut", word("open", paint.odd("open")));
        }
        Verdict::DoesNotCompile { words } => {
            let _ = writeln!(text, "  {}  the compiler says why:\n\n{words}\n", word("failed", paint.bad("failed")));
        }
        Verdict::NotGradable(missing) => {
            let _ = writeln!(text, "  {}", paint.odd("not gradable here"));
            field(&mut text, "because", &missing.why);
            field(&mut text, "remedy", &missing.remedy);
        }
    }
    if !outcome.is_passed() && outcome.is_gradable() {
        field(&mut text, "hint", &format!("cargo workshop hint {}", outcome.id));
    }
    text
}

/// A place of the book, as it is called in its sources and in its built pages alike: `00-groundwork#path`.
pub fn in_the_book(chapter: &str) -> String {
    chapter.replacen(".md#", "#", 1)
}

/// Padded by its letters, and not by those of its colour.
fn word(plain: &str, painted: String) -> String {
    format!("{painted}{:1$}", "", 8_usize.saturating_sub(plain.len()))
}

fn judged(outcome: &Outcome, paint: Paint) -> String {
    let mut text = String::new();
    for check in &outcome.checks {
        text.push_str(&one_check(outcome, check, paint));
    }
    if !outcome.leaks.is_empty() {
        field(&mut text, "left", &outcome.leaks.join("\n"));
    }
    text
}

fn one_check(outcome: &Outcome, check: &Check, paint: Paint) -> String {
    let (plain, painted) =
        if check.passed { ("passed", paint.good("passed")) } else { ("failed", paint.bad("failed")) };
    let mut text = format!("  {}  {}\n", word(plain, painted), check.name);
    if check.passed {
        return text;
    }
    let named = |name: &String| outcome.mistakes.iter().find(|(known, _)| known == name);
    let likely = check.mistake.as_ref().and_then(named).map(|(name, diagnosis)| format!("{diagnosis} ({name})"));
    let chapter = check.chapter.as_deref().unwrap_or(&outcome.chapter);
    for (name, value) in [
        ("did", check.did.as_str()),
        ("saw", &check.saw),
        ("means", &check.means),
        ("likely", likely.as_deref().unwrap_or_default()),
        ("book", &in_the_book(chapter)),
    ] {
        field(&mut text, name, value);
    }
    text
}

fn field(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(text, "    {name:8}  {}", wrapped(value, INDENT));
    }
}

/// The last line: points reached, of those that can be reached here.
pub fn score(outcomes: &Outcomes) -> String {
    format!("Score: {}/{}\n", outcomes.score(), outcomes.points())
}

/// What stands between the exercises and the score.
pub fn summary(outcomes: &Outcomes, paint: Paint) -> String {
    let count = |is_it: fn(&Outcome) -> bool| outcomes.exercises.iter().filter(|one| is_it(one)).count();
    let passed = count(Outcome::is_passed);
    let open = count(|one| one.verdict == Verdict::Open);
    let elsewhere = count(|one| !one.is_gradable());
    let failed = outcomes.exercises.len() - passed - open - elsewhere;
    let each = [
        (passed, "passed", paint.good("passed")),
        (failed, "failed", paint.bad("failed")),
        (open, "open", paint.odd("open")),
        (elsewhere, "not gradable here", paint.odd("not gradable here")),
    ];
    let words: Vec<_> =
        each.into_iter().filter(|(count, ..)| *count > 0).map(|(count, _, word)| format!("{count} {word}")).collect();
    if words.is_empty() { String::new() } else { format!("{}\n", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Exercise, Mistake};

    #[test]
    fn a_failed_check_says_all_that_it_knows() {
        let mistake = Mistake { name: "too-late".into(), diagnosis: "Swap them.".into() };
        let exercise = Exercise {
            id: "uts-1".into(),
            points: 2,
            chapter: "02.md#uts".into(),
            mistakes: vec![mistake],
            ..Exercise::default()
        };
        let check = |passed: bool| Check {
            name: "it holds".into(),
            share: 1,
            passed,
            did: "a b".into(),
            saw: "uts:[1]\nuts:[2]".into(),
            means: "so".into(),
            mistake: (!passed).then(|| "too-late".into()),
            chapter: None,
        };
        let outcome = Outcome::judged(&exercise, vec![check(true), check(false)], true);
        let text = super::outcome(&outcome, Paint::none());
        for words in
            ["passed    it holds", "failed    it holds", "did       a b", "Swap them. (too-late)", "book      02#uts"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text.contains("saw       uts:[1]\n              uts:[2]"), "{text}");
        let outcomes = Outcomes { exercises: vec![outcome], ..Outcomes::default() };
        assert_eq!(score(&outcomes), "Score: 1/2\n");
        assert_eq!(summary(&outcomes, Paint::none()), "1 failed\n");
    }
}
