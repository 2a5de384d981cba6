//! The recipes for other graders do what they say, as far as that can be seen from here.

#[expect(dead_code, reason = "what judges without the guide is for other tests")]
mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{course, folder, helper};
use grader::course::replace;
use serde_json::Value;

const FILE: &str = "stages/02-unshare/src/uts.rs";

fn recipe(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes").join(name)).unwrap()
}

#[test]
fn the_recipe_for_gradescope_writes_what_gradescope_reads() {
    let (course, home) = (course(), tempfile::tempdir().unwrap());
    let top = home.path();
    let uts = top.join("submission/bench").join(FILE);
    fs::create_dir_all(uts.parent().unwrap()).unwrap();
    let source = fs::read_to_string(course.root.join(FILE)).unwrap();
    let body = "    let _ = name;\n    kernel.because(\"mine\").unshare(CloneFlags::CLONE_NEWUTS)\n";
    fs::write(&uts, replace(&source, |id, _, _| (id == "uts-1").then(|| body.to_owned())).unwrap()).unwrap();
    for name in ["source/course", "grades", "results"] {
        fs::create_dir_all(top.join(name)).unwrap();
    }
    let script = recipe("gradescope/run_autograder");
    // The places of that image, and the programs of this build.
    let here = script
        .replace("/autograder/grades/.forge", &folder("forge").display().to_string())
        .replace("/autograder", &top.display().to_string())
        .replace(". \"$HOME/.cargo/env\"", ":")
        .replace("target/debug/workshop", &helper().display().to_string())
        .replace("--format", "--only uts-1 --format");
    let output = Command::new("sh").args(["-c", &here]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_slice(&fs::read(top.join("results/results.json")).unwrap()).unwrap();
    assert!(results["tests"][0]["output"].as_str().unwrap().contains("(no-name)"), "{results}");
    assert!(results["score"].as_f64().unwrap() < 2.0, "{results}");
}

#[test]
fn the_recipe_for_github_names_files_that_are_written() {
    let recipe = recipe("github-classroom.yml");
    for words in [
        "grade-all --single ../workbench --output ../grades --format github",
        "../grades/workbench.base64",
        "WORKSHOP_RESULTS",
        "runners: workshop",
    ] {
        assert!(recipe.contains(words), "{words}");
    }
}
