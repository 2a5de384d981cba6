//! Each prediction has an answer on this machine, it is one of those that can be given, and asking twice gives it twice.

mod common;

use common::{course, grader};
use grader::course::Prediction;
use grader::grade::{Answered, Grader};

/// The word that is right here, nothing where this machine cannot show it, or what is wrong.
fn answer(grader: &Grader<'_>, prediction: &Prediction) -> Result<Option<String>, String> {
    match grader.answer(prediction) {
        Err(error) => Err(format!("{}: {error:#}", prediction.id)),
        Ok(Answered::NotHere(missing)) => {
            eprintln!("skipped: {}: {}; {}", prediction.id, missing.why, missing.remedy);
            Ok(None)
        }
        Ok(Answered::Found { option, saw }) if saw.is_empty() => {
            Err(format!("{}: {option}, and nobody says why", prediction.id))
        }
        Ok(Answered::Found { option, .. }) => Ok(Some(option)),
    }
}

#[test]
fn every_prediction_has_an_answer_that_can_be_given() {
    let course = course();
    let grader = grader(&course);
    let mut complaints = Vec::new();
    for prediction in course.predictions() {
        match (answer(&grader, prediction), answer(&grader, prediction)) {
            (Ok(first), Ok(second)) if first == second => {
                let options: Vec<_> = prediction.options.iter().map(|option| option.name.as_str()).collect();
                if let Some(word) = first.filter(|word| !options.contains(&word.as_str())) {
                    complaints.push(format!("{}: {word} is none of {options:?}", prediction.id));
                }
            }
            (Ok(first), Ok(second)) => complaints.push(format!("{}: {first:?}, then {second:?}", prediction.id)),
            (first, second) => complaints.extend([first, second].into_iter().filter_map(Result::err)),
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_option_is_explained() {
    let course = course();
    let options = course.predictions().flat_map(|one| one.options.iter().map(move |option| (&one.id, option)));
    let bare: Vec<_> = options.filter(|(_, option)| option.explanation.split_whitespace().count() < 5).collect();
    assert!(bare.is_empty(), "{bare:?}");
}
