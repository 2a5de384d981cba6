//! What is tried: programs of tests, and all that they look for, at the paths for which they were built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::super::image::Content;
use super::super::programs::{Built, Tests, repository};
use super::super::progress;

/// Where the programs of the course lie in the machine, as the grader has built them.
pub(super) const FORGE: &str = "/srv/forge";
/// What the grader keeps of them.
const REFERENCE: &str = "reference";

/// All that is tried.
#[derive(Debug)]
pub(super) struct Tried {
    built: Built,
    /// Where cargo builds.
    pub(super) target: PathBuf,
    /// Where the grader has built the programs of the course, if it is tried too.
    forge: Option<PathBuf>,
}

impl Tried {
    /// Looks for it among what was built. With the grader, its programs are built too.
    pub(super) fn of(built: &Built, with_grader: bool) -> Result<Self> {
        let any = built.programs.values().next().context("no program was built")?;
        let target = any.ancestors().find(|above| above.join("CACHEDIR.TAG").exists());
        let target = target.context("cargo has marked no folder as its own")?.to_owned();
        let forge = with_grader.then(|| forge(built, &target)).transpose()?;
        Ok(Self { built: built.clone(), target, forge })
    }

    /// The judges.
    pub(super) fn judges(&self) -> Result<&Tests> {
        self.built.tests.iter().find(|tests| tests.source.ends_with("tests/main.rs")).context("there are no judges")
    }

    /// Those of the stages that run their programs. The others try functions, and archives: no host decides about these.
    pub(super) fn of_the_stages(&self) -> impl Iterator<Item = &Tests> {
        let stages = repository().join("stages");
        let runs_programs = |tests: &&Tests| {
            let folder = tests.source.parent().is_some_and(|folder| folder.ends_with("tests"));
            folder && !tests.source.ends_with("fuzz.rs")
        };
        self.built.tests.iter().filter(move |tests| tests.source.starts_with(&stages)).filter(runs_programs)
    }

    /// Those that type the blocks of the book.
    pub(super) fn console(&self) -> Result<&Tests> {
        let tests = &self.built.tests;
        tests.iter().find(|tests| tests.source.ends_with("tests/console.rs")).context("nobody types the book")
    }

    /// Those that ask the grader what it predicts.
    pub(super) fn predictions(&self) -> Result<&Tests> {
        let tests = &self.built.tests;
        tests.iter().find(|tests| tests.source.ends_with("tests/predictions.rs")).context("nobody predicts")
    }

    /// What the machine has of it.
    pub(super) fn content(&self, everything: bool) -> Content {
        let mut content = Content::of(&self.built);
        let place = |path: &Path| (path.to_owned(), path.to_owned());
        let tests: Vec<_> = if everything {
            self.built.tests.iter().filter(|tests| self.is_tried(tests)).collect()
        } else {
            self.judges().into_iter().collect()
        };
        content.programs.extend(tests.into_iter().map(|tests| place(&tests.file)));
        content.programs.push(place(&self.target.join("CACHEDIR.TAG")));
        if let Some(forge) = self.forge.as_ref().filter(|_| everything) {
            let own = self.built.programs.values().chain(self.built.tools.values());
            content.programs.extend(own.map(|program| place(program)));
            let tools = self.built.tools.iter().map(|(name, path)| (Path::new("/srv/tools").join(name), path.clone()));
            content.programs.extend(tools);
            let names = self.built.programs.keys().map(|name| format!("{REFERENCE}/{name}"));
            let files = names.chain([format!("{REFERENCE}/.complete")]).filter(|name| forge.join(name).exists());
            content.programs.extend(files.map(|name| (Path::new(FORGE).join(&name), forge.join(&name))));
        }
        content
    }

    fn is_tried(&self, tests: &Tests) -> bool {
        let is = |other: Result<&Tests>| other.is_ok_and(|other| other.file == tests.file);
        self.of_the_stages().any(|own| own.file == tests.file)
            || is(self.judges())
            || is(self.console())
            || is(self.predictions())
    }
}

/// Has the grader build the programs of the course, where its own tests have them built.
fn forge(built: &Built, target: &Path) -> Result<PathBuf> {
    progress::say("having the grader build its programs");
    let user = rustix::process::geteuid().as_raw();
    let forge = target.join(format!("tmp/grader-{user}/forge"));
    let work = tempfile::tempdir()?;
    let workshop = built.tools.get("workshop").context("there is no guide")?;
    let guide = |words: &[&str]| {
        let mut command = Command::new(workshop);
        command.arg("--workbench").arg(work.path().join("bench")).args(words).env("BOXWRIGHT_FORGE", &forge);
        let output = command.stdin(Stdio::null()).output().context("the guide")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
        Ok(())
    };
    guide(&["start"])?;
    let whole = forge.join(REFERENCE).join(".complete");
    ensure!(whole.is_file(), "{}: the grader has built no programs", whole.display());
    Ok(forge)
}
