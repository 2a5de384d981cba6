//! Faults of translations, seen in the catalogs alone: what a page would lose, and how Chinese is set.

mod shape;
mod style;

use anyhow::{Context, Result, bail};

use super::po::Catalog;
use super::update::count;
use super::{LANGUAGES, catalogs, folder};
use crate::place::Place;

/// Says what is wrong in these pages, or in all, and how much of them is translated. True when nothing is wrong.
///
/// # Errors
/// There is no such page, or a catalog cannot be read.
pub fn say(place: &Place, pages: &[String]) -> Result<bool> {
    let mut well = true;
    for language in LANGUAGES {
        for (page, catalog) in read(place, language, pages)? {
            let wrong = faults(&named(place, language, &page), &catalog);
            wrong.iter().for_each(|line| crate::say(line));
            crate::say(&format!("{}, {} wrong", count(&page, &catalog), wrong.len()));
            well &= wrong.is_empty();
        }
    }
    Ok(well)
}

/// What is wrong in what is translated, each with its file and line.
///
/// # Errors
/// A catalog cannot be read.
pub fn wrong(place: &Place) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        for (page, catalog) in catalogs(place, language)? {
            wrong.extend(faults(&named(place, language, &page), &catalog));
        }
    }
    Ok(wrong)
}

fn named(place: &Place, language: &str, page: &str) -> String {
    place.named(&folder(place, language).join(format!("{page}.po")))
}

fn read(place: &Place, language: &str, pages: &[String]) -> Result<Vec<(String, Catalog)>> {
    if pages.is_empty() {
        return Ok(catalogs(place, language)?.into_iter().collect());
    }
    let catalog = |page: &String| {
        let page = page.trim_end_matches(".po").rsplit('/').next().unwrap_or_default().to_owned();
        let name = named(place, language, &page);
        let file = folder(place, language).join(format!("{page}.po"));
        if !file.is_file() {
            bail!("there is no {name}");
        }
        let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
        Ok((page, Catalog::read(&text).context(name)?))
    };
    pages.iter().map(catalog).collect()
}

fn faults(file: &str, catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for entry in catalog.entries.iter().filter(|entry| entry.is_done()) {
        let faults = shape::faults(&entry.message, &entry.translation);
        let faults = faults.into_iter().chain(style::faults(&entry.message, &entry.translation));
        found.extend(faults.map(|fault| format!("{file}:{}: {fault}", entry.line)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_with_its_file_and_line() {
        let text = "msgid \"\"\nmsgstr \"\"\n\nmsgid \"See `a`\"\nmsgstr \"见\"\n\nmsgid \"See `b`\"\nmsgstr \"\"\n";
        let found = faults("zh.po", &Catalog::read(text).unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("zh.po:5: ") && found[0].contains("`a`"), "{found:?}");
    }
}
