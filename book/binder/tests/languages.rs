//! The book in other languages says all that the English one says, and keeps what it must keep.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use binder::build::build_to;
use binder::languages::{LANGUAGES, catalogs, check, collect, theme, update};
use binder::place::Place;
use regex::Regex;
use tempfile::TempDir;

static PLACE: LazyLock<Place> = LazyLock::new(|| Place::find().expect("the repository is there"));

/// The pages of all editions, for the tests that run now; gone with the last of them.
fn built() -> Arc<TempDir> {
    static BUILT: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.upgrade().unwrap_or_else(|| {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the pages"));
        let wrong = build_to(&PLACE, folder.path()).expect("the pages can be built").wrong;
        assert_eq!(wrong, Vec::<String>::new());
        *built = Arc::downgrade(&folder);
        folder
    })
}

/// Nothing is wrong.
#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} wrong:\n{}\n", wrong.len(), wrong.join("\n"));
}

fn pages(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    let page = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    };
    files.map(page).collect()
}

#[test]
fn nothing_is_missing_changed_or_stale() {
    let said = collect::messages(&PLACE).unwrap();
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let kept = catalogs(&PLACE, language).unwrap();
        let wanted = update::renewed(language, &said, &kept);
        for (page, catalog) in &wanted {
            let count = update::count(page, catalog);
            if count.missing + count.fuzzy > 0 {
                wrong.push(format!("{language}: {count}"));
            }
        }
        let pages: BTreeSet<_> = kept.keys().chain(wanted.keys()).collect();
        let text = |catalog: Option<&binder::languages::po::Catalog>| catalog.map(ToString::to_string);
        let stale = pages.into_iter().filter(|page| text(kept.get(*page)) != text(wanted.get(*page)));
        wrong.extend(stale.map(|page| format!("{language}: {page}: stale; `cargo run -q -p binder -- messages`")));
    }
    none(wrong);
}

#[test]
fn what_is_translated_keeps_what_it_must_and_is_set_well() {
    none(check::wrong(&PLACE).unwrap());
}

#[test]
fn each_page_has_the_same_places_and_listings_in_all_languages() {
    let built = built();
    let anchors = Regex::new(r#"\sid="([^"]*)""#).unwrap();
    let ids = |html: &str| anchors.captures_iter(html).map(|found| found[1].to_owned()).collect::<Vec<_>>();
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let translated = built.path().join(language);
        let files = |folder| pages(folder).into_iter().map(|(file, _)| file).collect::<BTreeSet<_>>();
        assert_eq!(files(built.path()), files(&translated));
        for (file, html) in pages(built.path()) {
            let other = std::fs::read_to_string(translated.join(&file)).unwrap();
            let (places, others) = (ids(&html), ids(&other));
            if let Some(at) = (0..places.len().max(others.len())).find(|at| places.get(*at) != others.get(*at)) {
                let named = |ids: &[String]| ids.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
                wrong.push(format!("{language}/{file}: id {} instead of {}", named(&others), named(&places)));
            }
            let listings = |html: &str| html.matches("<pre").count();
            if listings(&html) != listings(&other) {
                wrong.push(format!("{language}/{file}: {} listings of {}", listings(&other), listings(&html)));
            }
        }
    }
    none(wrong);
}

#[test]
fn editions_name_their_language_and_lead_to_each_other() {
    let built = built();
    for (file, html) in
        pages(built.path()).into_iter().filter(|(file, _)| !["toc.html", "print.html"].contains(&&**file))
    {
        let other = std::fs::read_to_string(built.path().join("zh-CN").join(&file)).unwrap();
        let target = if file == "404.html" { "index.html" } else { &file };
        assert!(html.contains("<html lang=\"en\"") && other.contains("<html lang=\"zh-CN\""), "{file}");
        assert!(html.contains(&format!("<a class=\"language\" href=\"zh-CN/{target}\"")), "{file}");
        assert!(other.contains(&format!("<a class=\"language\" href=\"../{target}\"")), "{file}");
    }
}

#[test]
fn mdbook_says_its_words_where_they_are_said_anew() {
    let built = built();
    let html: String = pages(built.path()).into_iter().map(|(_, html)| html).collect();
    let scripts = ["book.js", "searcher.js"].map(|file| std::fs::read_to_string(built.path().join(file)).unwrap());
    let scripts = scripts.concat();
    let written = |(before, word, after): theme::Place| match after {
        "" => before.to_owned(),
        _ => format!("{before}{word}{after}"),
    };
    let missing = |text: &str, places: &[theme::Place]| {
        places.iter().map(|place| written(*place)).filter(|said| !text.contains(said)).collect::<Vec<_>>()
    };
    none(missing(&html, &theme::PAGE));
    none(missing(&scripts, &theme::SCRIPTS));
    let searcher = std::fs::read_to_string(built.path().join("zh-CN/searcher.js")).unwrap();
    assert!(searcher.contains("elasticlunr.teaser("), "mdBook's script shows results otherwise than it did");
}
