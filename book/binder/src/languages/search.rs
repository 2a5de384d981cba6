//! Search in a language that has no spaces between its words.
//!
//! mdBook's index takes what stands between two spaces for a word, and drops all letters but Latin ones. Editions in such
//! a language have an index of their own, of two characters each, made of what mdBook has written into its; and
//! `book/theme/segment.js`, which takes questions apart in the same way, at the end of the search engine.

use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use elasticlunr::lang::{English, Language};
use elasticlunr::pipeline::{FnWrapper, Pipeline};
use elasticlunr::{Index, IndexBuilder};
use regex::Regex;
use serde_json::Value;

use super::theme::change;

/// What takes questions apart.
const SEGMENT: &str = include_str!("../../../theme/segment.js");
/// What mdBook writes around its index.
const FRAME: (&str, &str) = ("window.search = Object.assign(window.search, JSON.parse('", "'));");
/// What is indexed of each part of a page, in mdBook's order.
const FIELDS: [&str; 3] = ["title", "body", "breadcrumbs"];
/// Longer words are none that one searches for; mdBook drops them too.
const LONGEST: usize = 80;

/// Chinese characters that stand together, or what stands between them and the marks beside them.
static RUNS: LazyLock<Regex> = LazyLock::new(|| {
    let runs = r"\p{Han}+|[^\p{Han}\u{2010}-\u{2027}\u{3000}-\u{303f}\u{ff00}-\u{ffef}]+";
    Regex::new(runs).expect("this is an expression")
});

/// Makes the words of an edition findable.
///
/// # Errors
/// The index that mdBook has written cannot be read, or another be written.
pub(super) fn make_findable(pages: &Path) -> Result<()> {
    let file = pages.join("searchindex.js");
    let script = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let json = script.strip_prefix(FRAME.0).and_then(|rest| rest.strip_suffix(FRAME.1));
    let json = json.context("searchindex.js: mdBook writes it otherwise than it did")?;
    let mut search: Value = serde_json::from_str(&json.replace("\\'", "'").replace("\\\\", "\\"))?;
    let index = index(&search["index"]["documentStore"]["docs"])?;
    search["index"] = serde_json::to_value(&index)?;
    let json = search.to_string().replace('\\', "\\\\").replace('\'', "\\'");
    std::fs::write(&file, format!("{}{json}{}", FRAME.0, FRAME.1)).with_context(|| file.display().to_string())?;
    change(&pages.join("elasticlunr.min.js"), |engine| format!("{engine}\n{SEGMENT}"))
}

/// The script of the search with what it shows of a result found by characters, for mdBook's looks for spaces.
pub(super) fn with_teaser(script: &str) -> String {
    script.replace("= makeTeaser(", "= elasticlunr.teaser(")
}

/// An index of these parts of pages.
fn index(parts: &Value) -> Result<Index> {
    let builder = IndexBuilder::with_language(Box::new(Mixed(English::new())));
    let mut index = builder.add_fields(FIELDS).build();
    let parts = parts.as_object().context("searchindex.js: there are no documents")?;
    for (name, part) in parts {
        index.add_doc(name, FIELDS.map(|field| part[field].as_str().unwrap_or_default().to_owned()));
    }
    Ok(index)
}

/// Chinese in which English words stand.
struct Mixed(English);

impl Language for Mixed {
    fn name(&self) -> String {
        "Chinese".to_owned()
    }

    fn code(&self) -> String {
        "zh".to_owned()
    }

    fn tokenize(&self, text: &str) -> Vec<String> {
        segments(text)
    }

    fn make_pipeline(&self) -> Pipeline {
        let mut pipeline = self.0.make_pipeline();
        pipeline.queue[0] = Box::new(FnWrapper("trimmer-han".to_owned(), trimmed));
        pipeline
    }
}

/// The words of a text: of Chinese ones, two characters each, and the last one of each run by itself.
fn segments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split(|letter: char| letter.is_whitespace() || letter == '-') {
        for run in RUNS.find_iter(word) {
            let letters: Vec<char> = run.as_str().chars().collect();
            if is_han(run.as_str()) {
                found.extend((0..letters.len()).map(|at| letters[at..].iter().take(2).collect::<String>()));
            } else if run.len() <= LONGEST {
                found.push(run.as_str().to_lowercase());
            }
        }
    }
    found
}

fn is_han(run: &str) -> bool {
    RUNS.find(run).is_some_and(|run| run.as_str().chars().next().is_some_and(is_han_letter))
}

fn is_han_letter(letter: char) -> bool {
    static HAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\p{Han}").expect("this is an expression"));
    HAN.is_match(letter.encode_utf8(&mut [0; 4]))
}

/// As English words are trimmed, and Chinese ones are not.
fn trimmed(word: String) -> Option<String> {
    if is_han(&word) {
        return Some(word);
    }
    Some(word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_taken_two_characters_at_a_time_and_latin_whole() {
        let words = segments("脱离共享unshare命令，见 copy-on-write（写）。");
        let wanted = ["脱离", "离共", "共享", "享", "unshare", "命令", "令", "见", "copy", "on", "write", "写"];
        assert_eq!(words, wanted);
    }

    #[test]
    fn what_is_said_in_chinese_is_in_the_index() {
        let parts = serde_json::json!({ "0": { "title": "命名空间", "body": "`chroot` 之后", "breadcrumbs": "" } });
        let index = serde_json::to_value(index(&parts).unwrap()).unwrap();
        let root = &index["index"]["title"]["root"];
        assert_eq!(root["名"]["空"]["df"], 1, "{root}");
        assert_eq!(index["pipeline"][0], "trimmer-han");
        assert_eq!(index["index"]["body"]["root"]["c"]["h"]["r"]["o"]["o"]["t"]["df"], 1);
    }
}
