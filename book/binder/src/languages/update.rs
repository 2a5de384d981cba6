//! Catalogs brought up to date with what the book says: translations are kept, what is new is empty, what is gone is gone,
//! and what has changed a little keeps its translation, marked, with what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context, Result};
use similar::TextDiff;

use super::collect::Said;
use super::po::{Catalog, Entry};
use super::{LANGUAGES, catalogs, collect, folder};
use crate::place::Place;

/// A message that is less like another than this is another.
const ALIKE: f32 = 0.6;

/// What is in a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The page: `02-unshare`.
    pub page: String,
    /// All messages.
    pub messages: usize,
    /// The English words in them.
    pub words: usize,
    /// Messages without a translation.
    pub missing: usize,
    /// Messages that have changed since they were translated.
    pub fuzzy: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, messages, words, missing, fuzzy } = self;
        write!(f, "{page}: {messages} messages of {words} words, {missing} not translated, {fuzzy} changed since")
    }
}

/// Writes the catalogs of all languages anew.
///
/// # Errors
/// The book or a catalog cannot be read or written.
pub fn all(place: &Place) -> Result<Vec<Count>> {
    let said = collect::messages(place)?;
    let mut counts = Vec::new();
    for language in LANGUAGES {
        let folder = folder(place, language);
        std::fs::create_dir_all(&folder).with_context(|| place.named(&folder))?;
        let old = catalogs(place, language)?;
        let new = renewed(language, &said, &old);
        for page in old.keys().filter(|page| !new.contains_key(*page)) {
            std::fs::remove_file(folder.join(format!("{page}.po"))).with_context(|| page.clone())?;
        }
        for (page, catalog) in &new {
            let file = folder.join(format!("{page}.po"));
            let text = catalog.to_string();
            if std::fs::read_to_string(&file).ok().as_ref() != Some(&text) {
                std::fs::write(&file, text).with_context(|| place.named(&file))?;
            }
        }
        counts.extend(said.iter().filter_map(|(page, _)| Some(count(page, new.get(page)?))));
    }
    Ok(counts)
}

/// What is in this catalog.
pub fn count(page: &str, catalog: &Catalog) -> Count {
    let entries = &catalog.entries;
    Count {
        page: page.to_owned(),
        messages: entries.len(),
        words: entries.iter().map(|entry| entry.message.split_whitespace().count()).sum(),
        missing: entries.iter().filter(|entry| entry.translation.is_empty()).count(),
        fuzzy: entries.iter().filter(|entry| entry.is_fuzzy).count(),
    }
}

/// The catalogs as they are to be; a page that says nothing of its own has none.
pub fn renewed(
    language: &str,
    said: &[(String, Vec<Said>)],
    old: &BTreeMap<String, Catalog>,
) -> BTreeMap<String, Catalog> {
    let wanted: BTreeSet<&str> = said.iter().flat_map(|(_, said)| said).map(|said| said.text.as_str()).collect();
    let known = known(old);
    let mut new = BTreeMap::new();
    for (page, said) in said.iter().filter(|(_, said)| !said.is_empty()) {
        let entries = old.get(page).map_or(&[][..], |catalog| &catalog.entries);
        let gone = entries.iter().filter(|entry| !wanted.contains(entry.message.as_str()));
        let mut gone: Vec<_> = gone.filter(|entry| !entry.translation.is_empty()).collect();
        let entries = said.iter().map(|said| match known.get(said.text.as_str()) {
            Some(entry) => placed((*entry).clone(), said),
            None => placed(changed(said, &mut gone), said),
        });
        let head = old.get(page).map(|catalog| catalog.head.clone()).filter(|head| !head.is_empty());
        let head = head.unwrap_or_else(|| vec![format!("{page} ({language})")]);
        new.insert(page.clone(), Catalog { head, fields: fields(language), entries: entries.collect() });
    }
    new
}

/// All entries by their message; of several, one that is done.
fn known(old: &BTreeMap<String, Catalog>) -> BTreeMap<&str, &Entry> {
    let mut known: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in old.values().flat_map(|catalog| &catalog.entries) {
        let better = |other: &&Entry| {
            (entry.is_done(), !entry.translation.is_empty()) > (other.is_done(), !other.translation.is_empty())
        };
        if known.get(entry.message.as_str()).is_none_or(better) {
            known.insert(&entry.message, entry);
        }
    }
    known
}

/// An entry for a message that no catalog has, with the translation of what it seems to have been before.
fn changed(said: &Said, gone: &mut Vec<&Entry>) -> Entry {
    let alike = gone.iter().enumerate().map(|(at, entry)| (at, alike(&said.text, &entry.message)));
    let best = alike.filter(|(_, alike)| *alike >= ALIKE).max_by(|one, other| one.1.total_cmp(&other.1));
    let Some((at, _)) = best else { return Entry { message: said.text.clone(), ..Entry::default() } };
    let before = gone.remove(at);
    Entry {
        is_fuzzy: true,
        previous: Some(before.previous.as_ref().unwrap_or(&before.message).clone()),
        message: said.text.clone(),
        ..before.clone()
    }
}

fn alike(one: &str, other: &str) -> f32 {
    TextDiff::from_words(one, other).ratio()
}

/// An entry with what translators are told of where it stands.
fn placed(entry: Entry, said: &Said) -> Entry {
    let previous = entry.previous.filter(|_| entry.is_fuzzy);
    let notes = said.kind.note().map(str::to_owned).into_iter().collect();
    Entry { notes, places: said.pages.clone(), previous, ..entry }
}

fn fields(language: &str) -> String {
    let fields = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"];
    format!("Project-Id-Version: Boxwright\nLanguage: {language}\n{}\n", fields.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::Kind;

    fn said(page: &str, texts: &[&str]) -> (String, Vec<Said>) {
        let said = texts.iter().map(|text| Said {
            kind: Kind::Heading,
            pages: vec![page.to_owned()],
            text: (*text).to_owned(),
        });
        (page.to_owned(), said.collect())
    }

    fn translated(catalogs: &mut BTreeMap<String, Catalog>, page: &str) {
        let entries = &mut catalogs.get_mut(page).unwrap().entries;
        entries.iter_mut().for_each(|entry| entry.translation = format!("译 {}", entry.message));
    }

    #[test]
    fn translations_stay_and_move_and_what_changed_is_marked() {
        let first = [said("a", &["one word stays here", "this is gone", "a b c d e"]), said("b", &["x"])];
        let mut old = renewed("zh-CN", &first, &BTreeMap::new());
        translated(&mut old, "a");
        let second = [said("a", &["new", "a b c d f"]), said("b", &["one word stays here", "x"])];
        let new = renewed("zh-CN", &second, &old);
        let shown = |page: &str| {
            new[page]
                .entries
                .iter()
                .map(|entry| (entry.message.as_str(), entry.translation.as_str(), entry.previous.as_deref()))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown("a"), [("new", "", None), ("a b c d f", "译 a b c d e", Some("a b c d e"))]);
        assert_eq!(shown("b"), [("one word stays here", "译 one word stays here", None), ("x", "", None)]);
        assert!(new["a"].entries[1].is_fuzzy && !new["a"].entries[1].is_done());
        assert_eq!(renewed("zh-CN", &second, &new), new);
    }
}
