use super::*;
use crate::checks::Check;
use crate::course::{Exercise, Mistake};
use crate::outcome::Missing;

fn exercise(id: &str, stage: &str) -> Exercise {
    let mistakes = vec![Mistake { name: "too-late".into(), diagnosis: "Swap <them>.".into() }];
    Exercise {
        id: id.into(),
        title: "A & \"B\"".into(),
        stage: stage.into(),
        points: 2,
        mistakes,
        ..Exercise::default()
    }
}

fn check(passed: bool) -> Check {
    let mistake = (!passed).then(|| "too-late".to_owned());
    Check { name: "a < b".into(), share: 1, passed, saw: "bell \u{7}, comma".into(), mistake, ..Check::default() }
}

/// One of each verdict.
fn outcomes() -> Outcomes {
    let missing = Missing { why: "no & no".into(), remedy: "yes".into() };
    let exercises = vec![
        Outcome::judged(&exercise("a-1", "02-unshare"), vec![check(true), check(true)], true),
        Outcome::judged(&exercise("a-2", "02-unshare"), vec![check(true), check(false)], true),
        Outcome::of(&exercise("b-1", "04-pivot"), Verdict::Open),
        Outcome::of(&exercise("b-2", "04-pivot"), Verdict::DoesNotCompile { words: "error[E0308]".into() }),
        Outcome::of(&exercise("b-3", "04-pivot"), Verdict::NotGradable(missing)),
    ];
    Outcomes { whose: "ada, countess".into(), exercises }
}

#[test]
fn what_is_not_gradable_does_not_count() {
    assert_eq!((outcomes().score(), outcomes().points()), (3.0, 8));
    assert!(!outcomes().is_passed());
}

#[test]
fn json_is_read_back_as_what_it_was() {
    let text = Format::Json.write(&outcomes()).unwrap();
    let again: Outcomes = serde_json::from_str(&text).unwrap();
    assert_eq!(Format::Json.write(&again).unwrap(), text);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["score"], &value["points"]), (&json!(3.0), &json!(8)));
    assert_eq!(value["exercises"][4]["verdict"], "not-gradable");
}

#[test]
fn gradescope_finds_what_its_specification_asks_for() {
    let value: Value = serde_json::from_str(&Format::Gradescope.write(&outcomes()).unwrap()).unwrap();
    const TOP: [&str; 8] = [
        "score",
        "execution_time",
        "output",
        "output_format",
        "visibility",
        "stdout_visibility",
        "tests",
        "extra_data",
    ];
    const TEST: [&str; 9] =
        ["score", "max_score", "status", "name", "number", "output", "output_format", "tags", "visibility"];
    let known = |value: &Value, names: &[&str]| {
        value.as_object().is_some_and(|fields| fields.keys().all(|name| names.contains(&name.as_str())))
    };
    assert!(known(&value, &TOP) && value["score"].is_f64() && value["output"].is_string());
    assert!(
        ["hidden", "visible", "after_due_date", "after_published"].contains(&value["visibility"].as_str().unwrap())
    );
    let tests = value["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 5);
    for test in tests {
        assert!(known(test, &TEST) && test["score"].is_f64() && test["max_score"].is_u64(), "{test}");
        assert!(test["number"].is_string() && test["tags"].is_array() && test["output"].is_string(), "{test}");
        assert!(test["status"].is_null() || ["passed", "failed"].contains(&test["status"].as_str().unwrap()), "{test}");
    }
    assert_eq!(tests[4]["max_score"], 0);
}

#[test]
fn github_classroom_adds_up_the_same_points() {
    let encoded = Format::Github.write(&outcomes()).unwrap();
    assert_eq!(encoded.lines().count(), 1);
    let value: Value = serde_json::from_slice(&STANDARD.decode(encoded.trim()).unwrap()).unwrap();
    assert_eq!((&value["version"], &value["status"], &value["max_score"]), (&json!(1), &json!("fail"), &json!(8)));
    let tests = value["tests"].as_array().unwrap();
    let points: f64 = tests.iter().map(|test| test["score"].as_f64().unwrap()).sum();
    assert_eq!((tests.len(), points), (4, 3.0));
    for test in tests {
        assert!(["pass", "fail", "error"].contains(&test["status"].as_str().unwrap()));
        assert!(test["name"].is_string() && test["message"].is_string() && test["line_no"] == 0);
    }
}

#[test]
fn csv_has_as_many_fields_in_each_line() {
    let text = Format::Csv.write(&outcomes()).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.contains("\"ada, countess\",a-2,02-unshare,failed,1,2,too-late,0.0\n"), "{text}");
}

/// The elements of a document, as its tags name them, with the names of their attributes; panics where they do not nest.
fn elements(xml: &str) -> Vec<(String, Vec<String>)> {
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for part in xml.split('<').skip(2) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('"') || !text.contains('\u{7}'), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        let attributes = tag.split("=\"").filter_map(|part| part.split([' ', '"']).next_back());
        let attributes: Vec<_> = attributes.map(str::to_owned).collect();
        let parent = open.last().cloned().unwrap_or_default();
        let may_hold: &[&str] = match parent.as_str() {
            "" => &["testsuites"],
            "testsuites" => &["testsuite"],
            "testsuite" => &["testcase"],
            "testcase" => &["skipped", "failure", "system-out"],
            _ => &[],
        };
        assert!(may_hold.contains(&name.as_str()), "{name} in {parent}");
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        found.push((name, attributes));
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn junit_is_what_the_schema_of_jenkins_allows() {
    let xml = Format::Junit.write(&outcomes()).unwrap();
    let elements = elements(&xml);
    let count = |wanted: &str| elements.iter().filter(|(name, _)| name == wanted).count();
    assert_eq!([count("testsuite"), count("testcase"), count("failure"), count("skipped")], [2, 5, 3, 1], "{xml}");
    for (name, attributes) in &elements {
        let required: &[&str] = match name.as_str() {
            "testsuite" => &["name", "tests", "failures", "errors", "skipped", "time"],
            "testcase" => &["name", "classname", "time"],
            "failure" => &["type", "message"],
            _ => &[],
        };
        assert!(required.iter().all(|one| attributes.iter().any(|name| name == one)), "{name}: {attributes:?}");
    }
    assert!(
        xml.contains("A &amp; &quot;B&quot;") && xml.contains("Swap &lt;them&gt;.") && !xml.contains('\u{7}'),
        "{xml}"
    );
}
