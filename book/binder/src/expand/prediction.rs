//! `{{prediction predict-ps}}`: a question about this very machine, its answers, and folded what each of them means.

use anyhow::{Result, bail};

use super::Edition;

pub(super) fn shown(edition: &Edition, id: &str) -> Result<String> {
    let Some(prediction) = edition.course.predictions().find(|prediction| prediction.id == id) else {
        bail!("there is no prediction {id}");
    };
    let (kind, colon) = (edition.say("Predict"), edition.colon());
    let mut shown = format!(
        "<section class=\"prediction\" id=\"{id}\">\n\n**{kind}{colon}{}**\n\n{}\n\n",
        edition.text(&prediction.title),
        edition.text(&prediction.question)
    );
    for option in &prediction.options {
        shown.push_str(&format!("- `{}`{colon}{}\n", option.name, edition.text(&option.text)));
    }
    let summary = edition.say("What each answer means: open it once you have chosen");
    shown.push_str(&format!("\n<details><summary>{summary}</summary>\n\n"));
    for option in &prediction.options {
        shown.push_str(&format!("- `{}`{colon}{}\n", option.name, edition.text(&option.explanation)));
    }
    shown.push_str(&format!("\n</details>\n\n`cargo workshop predict {id}`\n\n</section>\n"));
    Ok(shown)
}
