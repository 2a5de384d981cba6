//! The trace player: a table of the whole run, and beside it what the script of the page needs to step through it.

mod states;

use crate::Words;
use crate::declared::Run;
use crate::html::{escaped, filled};
use crate::source::{Place, Sources};
use crate::state::State;
use crate::trace::Step;
use crate::view;

/// What is known of a run.
pub(crate) struct Known<'a> {
    pub(crate) run: &'a Run,
    pub(crate) steps: &'a [Step],
    pub(crate) sources: &'a Sources,
}

/// What the buttons and the parts of a player are called. The script has no words of its own.
const LABELS: [(&str, &str); 16] = [
    ("player", "Step through the run"),
    ("first", "First"),
    ("back", "Back"),
    ("next", "Next"),
    ("last", "Last"),
    ("step", "Step"),
    ("of", "Step {0} of {1}"),
    ("start", "Before the first step"),
    ("before", "Before"),
    ("after", "After"),
    ("same", "As before"),
    ("new", "new"),
    ("changed", "changed"),
    ("gone", "gone"),
    ("none", "none"),
    ("table", "The whole run as a table"),
];

/// The HTML of a player. No line of it is empty, so that Markdown takes it for one block.
pub(crate) fn player(known: &Known<'_>, words: Words<'_>) -> String {
    let Known { run, steps, .. } = known;
    let program = run.command.split(' ').next().unwrap_or_default();
    let states = State::all(program, steps);
    let shown = view::sections(&states, words);
    let rows: String = steps
        .iter()
        .enumerate()
        .map(|(at, step)| row(known, step, &view::changes(&shown[at], &shown[at + 1], words), words))
        .collect();
    let titles = ["Step", "Who", "Call and result", "Why", "Source", "What changed"];
    let head: String =
        titles.iter().map(|title| format!("<th scope=\"col\">{}</th>", escaped(&words(title)))).collect();
    let labels: serde_json::Map<_, _> =
        LABELS.iter().map(|(key, label)| ((*key).to_owned(), serde_json::Value::from(words(label)))).collect();
    let data = serde_json::json!({ "labels": labels, "states": states::encoded(&shown) });
    // `</script>` must not be in it, wherever it comes from.
    let data = data.to_string().replace('<', "\\u003c");
    let name = escaped(&run.name);
    let caption = caption(run, words);
    let label = escaped(&words("The whole run as a table"));
    format!(
        "<div class=\"player\" id=\"player-{name}\" data-run=\"{name}\">\n\
         <p class=\"player-shows\">{caption}</p>\n\
         <div class=\"player-table\" role=\"group\" tabindex=\"0\" aria-label=\"{label}: {name}\">\n\
         <table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n\
         <script type=\"application/json\" class=\"player-data\">{data}</script>\n</div>\n"
    )
}

/// The command, what to watch for, and whether it was really done.
fn caption(run: &Run, words: Words<'_>) -> String {
    let command = format!("<code>{}</code>", escaped(&run.command));
    let sentence = match (run.is_rehearsed(), run.who) {
        (true, _) => words("A rehearsal of {0}: each call is told, and none is made."),
        (false, crate::declared::Who::User) => words("Recorded from {0}, run by an ordinary user."),
        (false, crate::declared::Who::Root) => words("Recorded from {0}, run by root."),
    };
    let beside = run.beside.as_ref().map(|beside| {
        let command = format!("<code>{}</code>", escaped(beside));
        " ".to_owned() + &filled(&escaped(&words("Beside it runs {0}, whose PID is $beside.")), &[&command])
    });
    format!(
        "{} {}{}",
        escaped(&words(&run.shows)),
        filled(&escaped(&sentence), &[&command]),
        beside.unwrap_or_default()
    )
}

fn row(known: &Known<'_>, step: &Step, changes: &[String], words: Words<'_>) -> String {
    let who = match step.depth {
        0 => words("the first process, PID {0}"),
        1 => words("its child, PID {0}"),
        _ => words("its grandchild, PID {0}"),
    };
    let who = filled(&who, &[&step.pid.to_string()]);
    let answer = step.answer().map(|answer| format!(" = {}", escaped(&answer))).unwrap_or_default();
    let place = known.sources.find(&step.reason, &step.call, &known.run.stage);
    let source = place.map(|place| source(&place, words)).unwrap_or_default();
    let changed: String = changes.iter().map(|change| format!("<li>{}</li>", escaped(change))).collect();
    let changed = if changed.is_empty() { escaped(&words("nothing")) } else { format!("<ul>{changed}</ul>") };
    let (seq, depth) = (step.seq, step.depth.min(3));
    format!(
        "<tr class=\"depth-{depth}\"><th scope=\"row\">{seq}</th><td class=\"who\">{who}</td>\
         <td class=\"call\"><code>{call}{answer}</code></td><td class=\"why\">{why}</td>\
         <td class=\"source\">{source}</td><td class=\"changed\">{changed}</td></tr>\n",
        who = escaped(&who),
        call = broken(&escaped(&step.call())),
        why = escaped(&words(&step.reason)),
    )
}

/// The path, the line and the statement. What is the solution of an exercise stays folded.
fn source(place: &Place, words: Words<'_>) -> String {
    let path = format!("<span class=\"path\">{}</span>", broken(&escaped(&format!("{}:{}", place.path, place.line))));
    // A line break in a <pre> would be an empty line, if there is one in the statement.
    let statement = escaped(&place.statement).replace('\n', "&#10;");
    let statement = format!("<pre><code class=\"nohighlight\">{statement}</code></pre>");
    let Some(exercise) = &place.exercise else { return path + &statement };
    let summary = escaped(&filled(&words("In the hole of exercise {0}: open it once you have tried"), &[exercise]));
    format!("{path}<details><summary>{summary}</summary>{statement}</details>")
}

/// Long words may be broken after these.
fn broken(text: &str) -> String {
    text.replace('/', "/<wbr>").replace('|', "|<wbr>").replace(',', ",<wbr>")
}
