//! The pages as they are built: every link leads somewhere, none is too large, and none needs a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use regex::Regex;

use crate::build::build_to;
use crate::languages::LANGUAGES;
use crate::place::Place;

/// The most that a page may have, without its figures.
const MOST: usize = 500 * 1000;
/// The whole book on one page, for printers.
const PRINTED: &str = "print.html";

/// A page.
struct Page {
    /// Its path, seen from the first page: `04-pivot.html`, `zh-CN/04-pivot.html`.
    name: String,
    /// Where its links lead.
    links: Vec<String>,
    /// What it loads.
    loads: Vec<String>,
    /// What can be linked to.
    anchors: BTreeSet<String>,
    /// Its size without figures.
    size: usize,
}

/// Builds the pages anew, and looks at them.
///
/// # Errors
/// They cannot be built.
pub fn wrong(place: &Place) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().context("a folder for the pages")?;
    let built = build_to(place, folder.path())?;
    let mut wrong = built.wrong;
    let pages = read(folder.path())?;
    for page in pages.values().filter(|page| !page.name.ends_with(PRINTED)) {
        wrong.extend(wrong_on(page, &pages, folder.path()));
    }
    Ok(wrong)
}

fn wrong_on(page: &Page, pages: &BTreeMap<String, Page>, folder: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &page.name;
    if page.size > MOST {
        wrong.push(format!("{name}: {} kB without figures; at most {} kB", page.size / 1000, MOST / 1000));
    }
    let outside = |load: &&String| load.contains("//") && !load.starts_with("data:");
    wrong.extend(page.loads.iter().filter(outside).map(|load| format!("{name}: loads {load} from a network")));
    for link in page.links.iter().filter(|link| !link.contains(':') && !link.is_empty()) {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { name.clone() } else { target(name, file) };
        let is_there = match pages.get(&target) {
            Some(target) => anchor.is_empty() || target.anchors.contains(anchor),
            None => folder.join(target).is_file(),
        };
        if !is_there {
            wrong.push(format!("{name}: a link to {link}, which is not there"));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

/// What a page means by this file: `../a.html` on `zh-CN/a.html` is `a.html`.
fn target(page: &str, file: &str) -> String {
    let mut folders: Vec<_> = page.split('/').collect();
    folders.pop();
    for part in file.split('/') {
        match part {
            ".." => drop(folders.pop()),
            part => folders.push(part),
        }
    }
    folders.join("/")
}

fn read(folder: &Path) -> Result<BTreeMap<String, Page>> {
    let folders = [folder.to_owned()].into_iter().chain(LANGUAGES.map(|language| folder.join(language)));
    let entries: Vec<_> = folders.map(std::fs::read_dir).collect::<Result<_, _>>()?;
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    let pages = pages.map(|path| {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        let html = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok((name.clone(), page(name, &html)?))
    });
    pages.collect()
}

fn page(name: String, html: &str) -> Result<Page> {
    let all = |pattern: &str| -> Result<Vec<String>> {
        let pattern = Regex::new(pattern)?;
        Ok(pattern.captures_iter(html).map(|found| found[1].replace("&amp;", "&")).collect())
    };
    let figures = Regex::new("(?s)<svg.*?</svg>")?;
    Ok(Page {
        name,
        links: all(r#"<a\b[^>]*\shref="([^"]*)""#)?,
        loads: [
            all(r#"<(?:img|script|iframe|source|video|audio|embed)\b[^>]*\ssrc="([^"]*)""#)?,
            all(r#"<link\b[^>]*\shref="([^"]*)""#)?,
        ]
        .concat(),
        anchors: all(r#"\s(?:id|name)="([^"]*)""#)?.into_iter().collect(),
        size: figures.replace_all(html, "").len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_and_a_load_from_a_network_are_found() {
        let html = "<h2 id=\"a\">x</h2><a href=\"#a\">1</a><a class=\"h\" href=\"#b\">2</a><a href=\"no.html\">3</a>\
            <a href=\"https://man7.org\">4</a><script src=\"https://x.org/y.js\"></script>";
        let pages = BTreeMap::from([("x.html".to_owned(), page("x.html".to_owned(), html).unwrap())]);
        let wrong = wrong_on(&pages["x.html"], &pages, Path::new("/nowhere"));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].contains("#b") && wrong[1].contains("no.html") && wrong[2].contains("x.org"), "{wrong:?}");
    }

    #[test]
    fn a_link_is_seen_from_its_page() {
        for (page, file, wanted) in [
            ("a.html", "b.html", "b.html"),
            ("a.html", "zh-CN/a.html", "zh-CN/a.html"),
            ("zh-CN/a.html", "../a.html", "a.html"),
            ("zh-CN/a.html", "b.html", "zh-CN/b.html"),
        ] {
            assert_eq!(target(page, file), wanted, "{page}: {file}");
        }
    }

    #[test]
    fn figures_do_not_count() {
        let html = format!("<p>x</p><svg>{}</svg>", "y".repeat(100));
        assert_eq!(page(String::new(), &html).unwrap().size, 8);
    }
}
