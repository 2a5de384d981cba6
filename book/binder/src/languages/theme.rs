//! What mdBook's own page says around the text, and how one turns from one language to the other.
//!
//! mdBook has its words in its templates and scripts, and no catalog for them: they are said anew in what it has written.
//! Where it says them is written down here, so that a test sees when another version of it says them elsewhere.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Kind, LANGUAGES, Tongue, search};

/// What stands before a word, the word, what stands after it.
pub type Place = (&'static str, &'static str, &'static str);

/// The words of its pages.
pub const PAGE: [Place; 26] = [
    (">", "Keyboard shortcuts", "</h2>"),
    ("<p>", "Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters", "</p>"),
    ("<p>", "Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book", "</p>"),
    ("<p>", "Press <kbd>?</kbd> to show this help", "</p>"),
    ("<p>", "Press <kbd>Esc</kbd> to hide this help", "</p>"),
    ("aria-label=\"", "Table of contents", "\""),
    ("=\"", "Toggle Table of Contents", "\""),
    ("=\"", "Change theme", "\""),
    ("aria-label=\"", "Themes", "\""),
    ("id=\"mdbook-theme-default_theme\">", "Auto", "</button>"),
    ("id=\"mdbook-theme-light\">", "Light", "</button>"),
    ("id=\"mdbook-theme-rust\">", "Rust", "</button>"),
    ("id=\"mdbook-theme-coal\">", "Coal", "</button>"),
    ("id=\"mdbook-theme-navy\">", "Navy", "</button>"),
    ("id=\"mdbook-theme-ayu\">", "Ayu", "</button>"),
    ("title=\"", "Search (`/`)", "\""),
    ("aria-label=\"", "Toggle Searchbar", "\""),
    ("=\"", "Print this book", "\""),
    ("placeholder=\"", "Search this book ...", "\""),
    ("aria-label=\"", "Page navigation", "\""),
    ("=\"", "Previous chapter", "\""),
    ("=\"", "Next chapter", "\""),
    ("</svg>", "Warning", "</p>"),
    ("<title>", "Page not found", " - "),
    (">", "Document not found (404)", "</a></h1>"),
    (">", "This URL is invalid, sorry. Please use the navigation bar or search to continue.", "</p>"),
];

/// The words of its scripts.
pub const SCRIPTS: [Place; 9] = [
    ("'", "Copy to clipboard", "'"),
    ("'", "Copied!", "'"),
    ("'", "Clipboard error!", "'"),
    ("\"", "Show hidden lines", "\""),
    ("'", "Show hidden lines", "'"),
    ("'", "Hide lines", "'"),
    ("aria-label=\"", "Search Result Teaser", "\""),
    ("return 'No search results for \\'' + searchterm + '\\'.'", "No search results for “{0}”.", ""),
    ("return count + ' search results for \\'' + searchterm + '\\':'", "{1} search results for “{0}”:", ""),
];

/// One result, which English says otherwise than several.
const ONE: &str = "return count + ' search result for \\'' + searchterm + '\\':'";

/// The language that a page is in and what it calls itself.
const ENGLISH: (&str, &str) = ("en", "English");

/// What a language calls itself.
fn name(language: &str) -> &str {
    match language {
        "zh-CN" => "中文",
        other => other,
    }
}

/// All words of mdBook's page that are translated.
pub fn words() -> impl Iterator<Item = &'static str> {
    PAGE.iter().chain(&SCRIPTS).map(|(_, word, _)| *word)
}

/// Says in the pages of an edition what mdBook says, and puts links to the other editions into them.
///
/// # Errors
/// A file cannot be read or written.
pub fn dress(pages: &Path, language: Option<&str>, tongue: &dyn Tongue) -> Result<()> {
    for entry in std::fs::read_dir(pages)? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.ends_with(".html") {
            change(&path, |text| with_links(&said(text, tongue), &file, language))?;
        }
        if language.is_some() && ["book.js", "searcher.js"].contains(&file.as_str()) {
            change(&path, |text| search::with_teaser(&said_in_script(text, tongue)))?;
        }
    }
    language.map_or(Ok(()), |_| search::make_findable(pages))
}

/// Writes a file anew.
pub(super) fn change(path: &Path, change: impl FnOnce(&str) -> String) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    std::fs::write(path, change(&text)).with_context(|| path.display().to_string())
}

fn said(html: &str, tongue: &dyn Tongue) -> String {
    let mut html = html.to_owned();
    for (before, word, after) in PAGE {
        let Some(said) = tongue.say(Kind::Word, word) else { continue };
        let said = if before.ends_with('"') { said.replace('"', "&quot;") } else { said };
        html = html.replace(&format!("{before}{word}{after}"), &format!("{before}{said}{after}"));
    }
    html
}

fn said_in_script(script: &str, tongue: &dyn Tongue) -> String {
    let mut script = script.to_owned();
    for (before, word, after) in SCRIPTS {
        let Some(said) = tongue.say(Kind::Word, word) else { continue };
        let said = said.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "&quot;");
        if after.is_empty() {
            let filled = format!("return '{said}'.replace('{{1}}', count).replace('{{0}}', () => searchterm)");
            script = script.replace(before, &filled);
            if before.contains("results for") && before.contains("count") {
                script = script.replace(ONE, &filled);
            }
        } else {
            script = script.replace(&format!("{before}{word}{after}"), &format!("{before}{said}{after}"));
        }
    }
    script
}

/// A page with links to the same page in the other languages. The printed one has none.
fn with_links(html: &str, file: &str, language: Option<&str>) -> String {
    let target = match file {
        "toc.html" | "print.html" => return html.to_owned(),
        "404.html" => "index.html",
        file => file,
    };
    let (mut links, mut heads) = (String::new(), String::new());
    let editions = [None].into_iter().chain(LANGUAGES.map(Some)).filter(|other| *other != language);
    for other in editions {
        let up = if language.is_some() { "../" } else { "" };
        let down = other.map(|other| format!("{other}/")).unwrap_or_default();
        let (code, name) = other.map_or(ENGLISH, |other| (other, name(other)));
        let href = format!("{up}{down}{target}");
        links.push_str(&format!(
            "\n<a class=\"language\" href=\"{href}\" hreflang=\"{code}\" lang=\"{code}\" rel=\"alternate\">{name}</a>"
        ));
        heads.push_str(&format!("<link rel=\"alternate\" hreflang=\"{code}\" href=\"{href}\">\n"));
    }
    let bar = "<div class=\"right-buttons\">";
    html.replacen(bar, &format!("{bar}{links}"), 1).replacen("</head>", &format!("{heads}</head>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says all in capitals.
    struct Loud;

    impl Tongue for Loud {
        fn say(&self, _: Kind, message: &str) -> Option<String> {
            Some(message.to_uppercase().replace('C', "'"))
        }
    }

    #[test]
    fn a_page_leads_to_itself_in_the_other_language() {
        let page = "<head></head><div class=\"right-buttons\"></div>";
        let english = with_links(page, "a.html", None);
        assert!(english.contains("href=\"zh-CN/a.html\" hreflang=\"zh-CN\" lang=\"zh-CN\""), "{english}");
        assert!(with_links(page, "a.html", Some("zh-CN")).contains("href=\"../a.html\" hreflang=\"en\""));
        assert!(with_links(page, "404.html", Some("zh-CN")).contains("href=\"../index.html\""));
        assert_eq!(with_links(page, "print.html", None), page);
    }

    #[test]
    fn words_are_said_where_mdbook_says_them_and_nowhere_else() {
        let page = "<p>Rust</p><button id=\"mdbook-theme-rust\">Rust</button>";
        assert_eq!(said(page, &Loud), page.replace("rust\">Rust", "rust\">RUST"));
        let script = "x = 'Copied!'; y = Copied!";
        assert_eq!(said_in_script(script, &Loud), "x = '\\'OPIED!'; y = Copied!");
    }
}
