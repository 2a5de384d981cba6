//! Whole pages of the book, as they are built, judged by axe-core: in a light theme and in a dark one.

mod chromium;

use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use binder::place::Place;

/// Some of mdBook's themes: a class of the whole page.
const THEMES: [&str; 2] = ["light", "navy"];
/// The page that is judged with all that is the same on every page.
const WHOLE: &str = "04-pivot.html";

#[test]
fn no_page_has_what_someone_cannot_use() -> Result<()> {
    let name = "pages::no_page_has_what_someone_cannot_use";
    if chromium::chromium().is_none() {
        return Ok(skips::note(name, "Chromium", "there is no chromium", "install the package chromium")?);
    }
    let Some(axe) = chromium::axe() else {
        let remedy = "set BOXWRIGHT_AXE to the axe.min.js of axe-core: `npm pack axe-core` fetches it";
        return Ok(skips::note(name, "Axe", "there is no axe-core", remedy)?);
    };
    let folder = tempfile::Builder::new().prefix("figures-pages-").tempdir()?;
    binder::build::build_to(&Place::find()?, folder.path())?;
    let axe = std::fs::read_to_string(axe)?;
    let pages = Mutex::new(pages(folder.path())?);
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| -> Result<()> {
        let judges = [(); 2].map(|()| {
            scope.spawn(|| -> Result<()> {
                while let Some(page) = pages.lock().ok().and_then(|mut pages| pages.pop()) {
                    let found = judged(folder.path(), &page, &axe).with_context(|| page.clone())?;
                    complaints.lock().expect("nobody has failed").extend(found);
                }
                Ok(())
            })
        });
        judges.into_iter().try_for_each(|judge| judge.join().expect("a judge comes to its end"))
    })?;
    let complaints = complaints.into_inner()?;
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    Ok(())
}

/// Each page once: the first is there under two names, and the printed one is all of the others.
fn pages(folder: &Path) -> Result<Vec<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<Result<_>>()?;
    let is_page =
        |name: &String| name.ends_with(".html") && !["print.html", "index.html", "toc.html"].contains(&name.as_str());
    ensure!(names.iter().any(|name| name == WHOLE), "there is no page {WHOLE}");
    Ok(names.into_iter().filter(is_page).collect())
}

fn judged(folder: &Path, page: &str, axe: &str) -> Result<Vec<String>> {
    let html = std::fs::read_to_string(folder.join(page))?;
    // A theme changes colours, and nothing else; and to judge them takes long. What looks the same on every page, the bars and
    // the colours of code, is judged on one.
    let same = if page == WHOLE { "[]" } else { r##"[["#mdbook-sidebar"], ["#mdbook-menu-bar"], ["pre"]]"## };
    let script = format!(
        r#"{axe}
        const judge = async () => {{
            const complaints = [];
            const complain = (where, found) => found.violations.forEach((one) =>
                complaints.push(...one.nodes.map((node) => `${{where}}: ${{one.id}}: ${{node.html.slice(0, 160)}}`)));
            const colours = ["color-contrast", "link-in-text-block"];
            const others = Object.fromEntries(colours.map((rule) => [rule, {{ enabled: false }}]));
            complain("page", await axe.run(document, {{ rules: others, resultTypes: ["violations"] }}));
            for (const theme of {THEMES:?}) {{
                document.getElementById(`mdbook-theme-${{theme}}`).click();
                const context = {{ include: [["html"]], exclude: {same} }};
                complain(theme, await axe.run(context, {{ runOnly: colours, resultTypes: ["violations"] }}));
            }}
            finish(complaints);
        }};
        judge();"#
    );
    let found = chromium::result_of(&html, &script, Some(folder))?;
    let found = found.as_array().with_context(|| found.to_string())?;
    Ok(found.iter().map(|one| format!("{page}: {}", one.as_str().unwrap_or_default())).collect())
}
