//! What is kept of figures and players is what is made of the traces that are kept, and it can stand in a page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figures::Figures;

/// No page may be larger without its figures; the player leaves most of that to the page.
const MOST_BYTES: usize = 350_000;

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the book").to_owned()
}

fn figures() -> Figures {
    Figures::open(&book()).expect("runs.toml is well formed")
}

fn english(text: &str) -> String {
    text.to_owned()
}

/// The names of the files in a folder of the book.
fn kept(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(book().join(folder)).expect("the folder is there");
    entries.map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_kept_figure_is_what_is_drawn() {
    let figures = figures();
    for figure in &figures.declared().figures {
        let drawn = figures.drawn(figure).expect("its run was recorded");
        let kept = std::fs::read_to_string(book().join("drawn").join(format!("{}.svg", figure.name)));
        let remedy = "`cargo run -p figures -- draw` keeps what is drawn now";
        assert_eq!(kept.unwrap_or_default(), drawn, "{}: {remedy}", figure.name);
    }
}

#[test]
fn nothing_is_kept_that_is_not_declared() {
    let figures = figures();
    let declared = figures.declared();
    let svgs: BTreeSet<_> = declared.figures.iter().map(|figure| format!("{}.svg", figure.name)).collect();
    let traces: BTreeSet<_> = declared.runs.iter().map(|run| format!("{}.jsonl", run.name)).collect();
    assert_eq!((kept("drawn"), kept("traces")), (svgs, traces));
}

#[test]
fn each_step_has_its_line_of_source() {
    let figures = figures();
    for run in &figures.declared().runs {
        for step in figures.recorded(&run.name).expect("it was recorded") {
            let place = figures.sources().find(&step.reason, &step.call, &run.stage);
            let place =
                place.unwrap_or_else(|| panic!("{}, step {}: nobody says: {}", run.name, step.seq, step.reason));
            let file = std::fs::read_to_string(book().join("..").join(&place.path)).expect("the file is there");
            let line = file.lines().nth(place.line - 1).expect("the line is there");
            assert!(line.contains('"'), "{}:{} is no line with a reason: {line}", place.path, place.line);
            assert!(place.statement.contains(line.trim()), "{}:{}: {}", place.path, place.line, place.statement);
        }
    }
}

#[test]
fn what_stands_in_a_page_is_one_block_of_well_formed_html() {
    let figures = figures();
    let mut blocks = Vec::new();
    for figure in &figures.declared().figures {
        blocks.push((&figure.name, figures.figure(&figure.name, &english).expect("its run was recorded")));
    }
    for run in &figures.declared().runs {
        let player = figures.player(&run.name, &english).expect("it was recorded");
        assert!(player.len() < MOST_BYTES, "{} has {} bytes", run.name, player.len());
        blocks.push((&run.name, player));
    }
    for (name, html) in blocks {
        assert!(html.lines().all(|line| !line.trim().is_empty()), "{name}: an empty line ends a block of Markdown");
        assert_eq!(unbalanced(&html), None, "{name}");
    }
}

#[test]
fn every_word_is_said_in_the_language_of_the_edition() {
    let figures = figures();
    let messages = figures.messages().expect("all runs were recorded");
    let mark = |text: &str| format!("«{text}»");
    for run in &figures.declared().runs {
        let player = figures.player(&run.name, &mark).expect("it was recorded");
        for step in figures.recorded(&run.name).expect("it was recorded") {
            assert!(messages.contains(&step.reason), "{} is no message", step.reason);
        }
        for head in player.split("<th scope=\"col\">").skip(1) {
            assert!(head.starts_with('«'), "{}: {}", run.name, &head[..head.len().min(60)]);
        }
    }
}

#[test]
fn what_is_not_declared_is_refused() {
    let figures = figures();
    assert!(figures.figure("nothing", &english).is_err());
    assert!(figures.player("nothing", &english).is_err());
}

/// The first tag that is closed and was not open, or the other way round.
fn unbalanced(html: &str) -> Option<String> {
    const EMPTY: [&str; 3] = ["wbr", "br", "input"];
    let mut open: Vec<String> = Vec::new();
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().unwrap_or_default();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_owned();
        if tag.starts_with('/') {
            if open.pop().as_ref() != Some(&name) {
                return Some(format!("</{name}>"));
            }
        } else if !tag.ends_with('/') && !EMPTY.contains(&name.as_str()) {
            open.push(name);
        }
    }
    open.pop().map(|name| format!("<{name}>"))
}
