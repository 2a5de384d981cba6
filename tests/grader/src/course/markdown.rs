//! `EXERCISES.md`: a format that people read as it stands, and that this reads line by line.

use anyhow::{Result, bail};

/// A sheet: what a stage asks of its learners.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Exercises, break-it labs among them.
    pub exercises: Vec<Exercise>,
    /// Questions about this very machine.
    pub predictions: Vec<Prediction>,
}

/// An exercise, or a break-it lab, whose id then begins with `lab-`.
#[derive(Clone, Debug, Default)]
pub struct Exercise {
    /// Its name for ever.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// The stage it belongs to.
    pub stage: String,
    /// What it is worth.
    pub points: u32,
    /// The programs that it is about; they are built with the learner's code.
    pub programs: Vec<String>,
    /// What the host must be able to do, as groundwork's preflight names it: `UserNamespaces`.
    pub needs: Vec<String>,
    /// Where the book explains it: `02-unshare.md#uts`.
    pub chapter: String,
    /// What to do.
    pub task: String,
    /// A nudge, the concept, the call.
    pub hints: Vec<String>,
    /// What there is to say after it was solved.
    pub commentary: String,
    /// The mistakes that people make.
    pub mistakes: Vec<Mistake>,
}

/// A mistake that people make, and what to tell them.
#[derive(Clone, Debug, Default)]
pub struct Mistake {
    /// Its name, which is that of the file with the wrong body.
    pub name: String,
    /// What to tell them.
    pub diagnosis: String,
}

/// A question about this very machine, answered by trying.
#[derive(Clone, Debug, Default)]
pub struct Prediction {
    /// Its name for ever: `predict-…`.
    pub id: String,
    /// The question in one line.
    pub title: String,
    /// The stage it belongs to.
    pub stage: String,
    /// The programs that answer it.
    pub programs: Vec<String>,
    /// What the host must be able to do.
    pub needs: Vec<String>,
    /// Where the book explains it.
    pub chapter: String,
    /// The question at length.
    pub question: String,
    /// What one may believe.
    pub options: Vec<Choice>,
    /// How the answer is found.
    pub found: String,
}

/// One of the answers to a question.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The word to answer with.
    pub name: String,
    /// The answer.
    pub text: String,
    /// Why it is right, or what one has to believe to think so.
    pub explanation: String,
}

/// A heading, its list of fields, and its parts.
#[derive(Debug, Default)]
struct Section {
    line: usize,
    heading: String,
    fields: Vec<(String, String)>,
    text: String,
    parts: Vec<(String, String)>,
}

/// Reads the sheet of a stage.
///
/// # Errors
/// What is missing, with the line of its heading.
pub fn parse(stage: &str, source: &str) -> Result<Sheet> {
    let mut sheet = Sheet::default();
    for section in sections(source) {
        let Some((id, title)) = section.heading.split_once(": ") else {
            bail!("line {}: write `## ID: Title`, not `## {}`", section.line, section.heading);
        };
        let names = (id.trim().to_owned(), title.trim().to_owned(), stage.to_owned());
        if id.starts_with("predict-") {
            sheet.predictions.push(prediction(names, &section)?);
        } else {
            sheet.exercises.push(exercise(names, &section)?);
        }
    }
    Ok(sheet)
}

fn exercise((id, title, stage): (String, String, String), section: &Section) -> Result<Exercise> {
    let Ok(points) = section.field("points").parse() else {
        bail!("line {}: {id} needs `- points: NUMBER`", section.line);
    };
    let hints: Vec<_> = (1..).map_while(|number| section.part(&format!("Hint {number}"))).collect();
    let exercise = Exercise {
        points,
        programs: section.list("programs"),
        needs: section.list("needs"),
        chapter: section.field("chapter"),
        task: section.text.trim().to_owned(),
        commentary: section.part("Commentary").unwrap_or_default(),
        mistakes: items(&section.part("Mistakes").unwrap_or_default()).map(mistake).collect(),
        hints,
        id,
        title,
        stage,
    };
    match exercise.lacks() {
        Some(what) => bail!("line {}: {} has no {what}", section.line, exercise.id),
        None => Ok(exercise),
    }
}

impl Exercise {
    fn lacks(&self) -> Option<&'static str> {
        let has = [
            (!self.programs.is_empty(), "`- programs: NAME, …`"),
            (self.chapter.contains('#'), "`- chapter: FILE.md#ANCHOR`"),
            (!self.task.is_empty(), "task below its fields"),
            (self.hints.len() == 3, "three hints: `### Hint 1`, `### Hint 2`, `### Hint 3`"),
            (!self.commentary.is_empty(), "`### Commentary`"),
        ];
        has.into_iter().find(|(has, _)| !has).map(|(_, what)| what)
    }

    /// What to tell somebody who has made this mistake.
    pub fn diagnosis(&self, mistake: &str) -> Option<&str> {
        self.mistakes.iter().find(|known| known.name == mistake).map(|known| known.diagnosis.as_str())
    }

    /// True for a lab in which something is broken on purpose.
    pub fn is_lab(&self) -> bool {
        self.id.starts_with("lab-")
    }
}

fn prediction((id, title, stage): (String, String, String), section: &Section) -> Result<Prediction> {
    let options: Vec<_> = items(&section.part("Options").unwrap_or_default()).map(choice).collect();
    let found = section.part("How it is found").unwrap_or_default();
    if options.len() < 2 || found.is_empty() {
        bail!("line {}: {id} needs `### Options` (two or more) and `### How it is found`", section.line);
    }
    let (programs, needs) = (section.list("programs"), section.list("needs"));
    let question = section.text.trim().to_owned();
    Ok(Prediction { id, title, stage, programs, needs, chapter: section.field("chapter"), question, options, found })
}

impl Section {
    fn field(&self, name: &str) -> String {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.field(name).split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    }

    fn part(&self, name: &str) -> Option<String> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim().to_owned())
    }

    fn add(&mut self, line: &str) {
        let field = line.strip_prefix("- ").and_then(|line| line.split_once(':'));
        match (self.parts.last_mut(), field) {
            (Some((_, text)), _) => text.push_str(&format!("{line}\n")),
            (None, Some((name, value))) if self.text.trim().is_empty() => {
                self.fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            (None, _) => self.text.push_str(&format!("{line}\n")),
        }
    }
}

/// What stands below each heading of the second level. A `#` inside a code block is no heading.
fn sections(source: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let (mut in_code, mut in_section) = (false, false);
    for (at, line) in source.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        let (two, three) = (line.strip_prefix("## "), line.strip_prefix("### "));
        match (two, three, found.last_mut()) {
            (Some(heading), _, _) if !in_code => {
                let heading = heading.trim().to_owned();
                found.push(Section { line: at + 1, heading, ..Section::default() });
                in_section = true;
            }
            (_, Some(part), Some(last)) if !in_code => last.parts.push((part.trim().to_owned(), String::new())),
            _ if !in_code && line.starts_with("# ") => in_section = false,
            (_, _, Some(last)) if in_section => last.add(line),
            _ => {}
        }
    }
    found
}

/// The items of a list: `` - `name`: text``, with lines that are indented below it.
fn items(text: &str) -> impl Iterator<Item = (String, String)> {
    let item = |item: &str| {
        let (name, text) = item.strip_prefix('`')?.split_once("`:")?;
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        Some((name.to_owned(), lines.join("\n").trim().to_owned()))
    };
    format!("\n{text}").split("\n- ").filter_map(item).collect::<Vec<_>>().into_iter()
}

fn mistake((name, diagnosis): (String, String)) -> Mistake {
    Mistake { name, diagnosis: diagnosis.replace('\n', " ") }
}

/// The first line is the answer, the rest explains it.
fn choice((name, text): (String, String)) -> Choice {
    let (text, explanation) = text.split_once('\n').unwrap_or((&text, ""));
    Choice { name, text: text.to_owned(), explanation: explanation.replace('\n', " ") }
}

#[cfg(test)]
mod tests;
