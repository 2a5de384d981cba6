//! Both editions of the book in a real browser: one turns from one to the other where one reads, and finds Chinese words.

mod chromium;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Context, Result};
use binder::place::Place;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Ends the test where there is no browser.
macro_rules! needs_chromium {
    ($name:literal) => {
        if chromium::chromium().is_none() {
            let remedy = "install the package chromium";
            return Ok(skips::note(concat!("languages::", $name), "Chromium", "there is no chromium", remedy)?);
        }
    };
}

/// The pages of all editions, for the tests that run now; gone with the last of them.
fn built() -> Result<Arc<TempDir>> {
    static BUILT: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = built.upgrade() {
        return Ok(folder);
    }
    let folder = Arc::new(tempfile::Builder::new().prefix("figures-languages-").tempdir()?);
    binder::build::build_to(&Place::find()?, folder.path())?;
    *built = Arc::downgrade(&folder);
    Ok(folder)
}

fn found(page: &str, script: &str) -> Result<Value> {
    let built = built()?;
    let file = built.path().join(page);
    let html = std::fs::read_to_string(&file)?;
    let found = chromium::result_of(&html, script, file.parent().map(Path::new))?;
    assert_eq!(found.get("error"), None, "the script of the test has failed");
    Ok(found)
}

/// What is found for each of these, one after the other: how many, what is said of it, and what is marked.
const SEARCH: &str = r##"
const bar = document.getElementById("mdbook-searchbar");
const list = document.getElementById("mdbook-searchresults");
const header = document.getElementById("mdbook-searchresults-header");
const said = [];
const ask = () => {
    if (said.length === questions.length) {
        finish(said);
        return;
    }
    bar.value = questions[said.length];
    bar.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
};
// The header is written first, and the results after it.
new MutationObserver(() => {
    const results = [...list.children];
    said.push({
        count: results.length,
        header: header.textContent,
        marked: results[0]?.querySelector(".teaser em")?.textContent,
        link: results[0]?.querySelector("a").getAttribute("href"),
        longest: Math.max(0, ...results.map((result) => result.querySelector(".teaser").textContent.length)),
    });
    ask();
}).observe(header, { childList: true, characterData: true, subtree: true });
document.getElementById("mdbook-search-toggle").click();
ask();
"##;

#[test]
fn chinese_words_are_found() -> Result<()> {
    needs_chromium!("chinese_words_are_found");
    let questions = ["命名空间", "空间", "命", "unshare 命名空间", "命空", "unshare"];
    let found = found("zh-CN/introduction.html", &format!("const questions = {questions:?};\n{SEARCH}"))?;
    let count = |at: usize| found[at]["count"].as_u64().unwrap_or_default();
    for at in [0, 1, 2, 3, 5] {
        assert!(count(at) > 0, "{}: {found:#}", questions[at]);
        assert!(found[at]["longest"].as_u64() < Some(200), "{found:#}");
    }
    assert_eq!(count(4), 0, "characters that do not stand together: {found:#}");
    assert_eq!(found[0]["marked"], json!("命名空间"), "{found:#}");
    assert!(found[0]["header"].as_str().is_some_and(|header| header.contains("命名空间")), "{found:#}");
    assert!(found[0]["link"].as_str().is_some_and(|link| link.contains(".html?highlight=%E5%91%BD")), "{found:#}");
    Ok(())
}

#[test]
fn the_other_language_is_reached_where_one_reads() -> Result<()> {
    needs_chromium!("the_other_language_is_reached_where_one_reads");
    let script = r##"
        const link = document.querySelector("a.language");
        const seen = [link.getAttribute("href")];
        const look = () => {
            link.focus();
            seen.push(document.activeElement === link, link.getAttribute("href"));
            link.blur();
        };
        look();
        location.hash = "#user";
        look();
        document.getElementById("what-still-leaks").scrollIntoView();
        look();
        finish(seen);"##;
    let wanted =
        |page: &str| json!([page, true, page, true, format!("{page}#user"), true, format!("{page}#what-still-leaks")]);
    assert_eq!(found("02-unshare.html", script)?, wanted("zh-CN/02-unshare.html"));
    assert_eq!(found("zh-CN/02-unshare.html", script)?, wanted("../02-unshare.html"));
    Ok(())
}

#[test]
fn a_chinese_page_has_nothing_that_someone_cannot_use() -> Result<()> {
    needs_chromium!("a_chinese_page_has_nothing_that_someone_cannot_use");
    let Some(axe) = chromium::axe() else {
        let remedy = "set BOXWRIGHT_AXE to the axe.min.js of axe-core: `npm pack axe-core` fetches it";
        let name = "languages::a_chinese_page_has_nothing_that_someone_cannot_use";
        return Ok(skips::note(name, "Axe", "there is no axe-core", remedy)?);
    };
    let judge = r#"
        axe.run(document).then((found) => finish(found.violations.flatMap((one) =>
            one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`))));"#;
    let found = found("zh-CN/01-chroot.html", &format!("{}\n{judge}", std::fs::read_to_string(axe)?))?;
    let complaints = found.as_array().with_context(|| found.to_string())?;
    assert!(complaints.is_empty(), "{found:#}");
    Ok(())
}
