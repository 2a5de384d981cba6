//! The player, in a real browser: with its script, with the keyboard, without its script, and as those hear it who do not see it.

mod chromium;

use std::path::{Path, PathBuf};

use anyhow::Result;
use figures::Figures;
use serde_json::{Value, json};

/// Ends the test where there is no browser.
macro_rules! needs_chromium {
    ($name:literal) => {
        if chromium::chromium().is_none() {
            let remedy = "install the package chromium";
            return Ok(skips::note(concat!("player::", $name), "Chromium", "there is no chromium", remedy)?);
        }
    };
}

/// And where there is nobody to judge how accessible a page is.
macro_rules! needs_axe {
    ($name:literal) => {
        needs_chromium!($name);
        if chromium::axe().is_none() {
            let remedy = "set BOXWRIGHT_AXE to the axe.min.js of axe-core: `npm pack axe-core` fetches it";
            return Ok(skips::note(concat!("player::", $name), "Axe", "there is no axe-core", remedy)?);
        }
    };
}

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the book").to_owned()
}

/// A page with players of these runs.
fn page(runs: &[&str], has_script: bool) -> Result<String> {
    let figures = Figures::open(&book())?;
    let players: String =
        runs.iter().map(|run| figures.player(run, &str::to_owned)).collect::<Result<Vec<_>>>()?.join("<p>and</p>\n");
    let theme = book().join("theme");
    let style = std::fs::read_to_string(theme.join("player.css"))?;
    let script = if has_script { std::fs::read_to_string(theme.join("player.js"))? } else { String::new() };
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Players</title><style>{style}</style></head>\n\
         <body><main><h1>Players</h1>\n{players}</main><script>{script}</script></body></html>"
    ))
}

/// What every script of a test begins with.
const TOOLS: &str = r#"
const player = document.querySelector(".player");
const stepper = player.querySelector(".player-stepper");
const press = (key, target = stepper, more = {}) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const click = (name) => player.querySelector(`.player-${name}`).click();
const at = () => Number(player.querySelector("input[type=range]").value);
const count = () => player.querySelector(".player-count").textContent;
// The rows of a table: as it is now, or as it was before the step.
const rows = (section, when) => {
    const panes = when === "before" ? ["before"] : ["after", "same"];
    const tables = panes.map((pane) => player.querySelector(`.player-pane.player-${pane} .player-${section}`));
    const table = tables.find((table) => table !== null);
    return [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
};
const isMarked = () => player.querySelector(".player-pane.player-before") !== null;
"#;

fn found(page: &str, script: &str) -> Result<Value> {
    let found = chromium::result_of(page, &format!("{TOOLS}{script}"), None)?;
    assert_eq!(found.get("error"), None, "the script of the test has failed");
    Ok(found)
}

#[test]
fn steps_forward_and_back_show_the_state_of_their_moment() -> Result<()> {
    needs_chromium!("steps_forward_and_back_show_the_state_of_their_moment");
    let script = r#"
        const seen = [];
        const see = () => seen.push([at(), rows("namespaces")[0][3], isMarked()]);
        see();
        for (const name of ["next", "next", "last", "next", "back", "back", "first", "back"]) { click(name); see(); }
        const range = player.querySelector("input[type=range]");
        range.value = "5"; range.dispatchEvent(new Event("input")); see();
        finish({ seen, before: rows("namespaces", "before")[0][3], words: count() });
    "#;
    let found = found(&page(&["unshare-uts"], true)?, script)?;
    // Step 5 of 7 gives the process a UTS namespace of its own.
    let expected = json!([
        [0, "A", false],
        [1, "A", true],
        [2, "A", false],
        [7, "B", true],
        [7, "B", true],
        [6, "B", true],
        [5, "B changed", true],
        [0, "A", false],
        [0, "A", false],
        [5, "B changed", true]
    ]);
    assert_eq!(found["seen"], expected);
    assert_eq!(found["before"], "A changed");
    assert!(
        found["words"].as_str().is_some_and(|words| words.starts_with("Step 5 of 7: unshare(CLONE_NEWUTS)")),
        "{found}"
    );
    Ok(())
}

#[test]
fn what_is_mounted_is_marked_with_a_word() -> Result<()> {
    needs_chromium!("what_is_mounted_is_marked_with_a_word");
    let script = r#"
        const step = [...player.querySelectorAll(".player-table tbody tr")].findIndex((row) =>
            row.querySelector(".call").textContent.startsWith("umount2"));
        const range = player.querySelector("input[type=range]");
        range.value = String(step + 1); range.dispatchEvent(new Event("input"));
        const marked = rows("mounts", "before").filter((row) => row[0].includes("gone")).map((row) => row[1]);
        const places = rows("mounts").map((row) => row[0] + row[1]);
        finish({ marked, places });
    "#;
    let found = found(&page(&["pivot"], true)?, script)?;
    assert_eq!(found["marked"], json!(["/, on top", "/proc", "/sys", "/dev"]));
    assert_eq!(found["places"], json!(["A/", "B/", "B/proc", "B/sys"]));
    Ok(())
}

#[test]
fn keys_work_in_the_player_that_has_the_focus_and_nowhere_else() -> Result<()> {
    needs_chromium!("keys_work_in_the_player_that_has_the_focus_and_nowhere_else");
    let script = r#"
        let turned = 0;
        document.addEventListener("keydown", () => { turned += 1; });
        const seen = [];
        for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home", "x"]) { press(key); seen.push(at()); }
        press("ArrowRight", stepper, { altKey: true }); seen.push(at());
        press("ArrowRight", document.body); seen.push(at());
        press("ArrowRight", player.querySelector(".player-next")); seen.push(at());
        const other = document.querySelectorAll(".player")[1].querySelector("input[type=range]").value;
        const order = [...player.querySelectorAll("button, input, [tabindex]")].filter((one) => one.checkVisibility()).map((one) => {
            one.focus();
            return document.activeElement === one ? one.className || one.type : "no focus";
        });
        finish({ seen, turned, other, order });
    "#;
    let found = found(&page(&["unshare-uts", "chroot"], true)?, script)?;
    assert_eq!(found["seen"], json!([1, 2, 1, 7, 0, 0, 0, 0, 1]));
    // Of nine keys the page has heard three: one that means nothing here, one with Alt, and one that was pressed outside.
    assert_eq!(found["turned"], 3);
    assert_eq!(found["other"], "0");
    let order = ["player-stepper", "player-first", "player-back", "player-next", "player-last", "range"];
    assert_eq!(
        found["order"],
        json!(
            [
                &order[..],
                &["player-pane player-before", "player-pane player-after", "player-pane player-same", "player-toggle"]
            ]
            .concat()
        )
    );
    Ok(())
}

#[test]
fn without_the_script_the_run_is_a_table() -> Result<()> {
    needs_chromium!("without_the_script_the_run_is_a_table");
    let script = r#"
        const table = document.querySelector(".player-table table");
        const line = table.tBodies[0].rows[4];
        finish({
            heads: [...table.tHead.rows[0].cells].map((cell) => cell.textContent),
            rows: table.tBodies[0].rows.length,
            isSeen: table.checkVisibility() && line.getBoundingClientRect().height > 10,
            call: line.querySelector(".call").textContent,
            path: line.querySelector(".source .path").textContent,
            changed: line.querySelector(".changed").textContent,
            buttons: document.querySelectorAll("button").length,
        });
    "#;
    let found = chromium::result_of(&page(&["unshare-uts"], false)?, script, None)?;
    assert_eq!(found["heads"], json!(["Step", "Who", "Call and result", "Why", "Source", "What changed"]));
    assert_eq!((&found["rows"], &found["isSeen"], &found["buttons"]), (&json!(7), &json!(true), &json!(0)));
    assert_eq!(found["call"], "unshare(CLONE_NEWUTS) = 0");
    assert!(found["path"].as_str().is_some_and(|path| path.starts_with("stages/02-unshare/src/uts.rs:")), "{found}");
    assert_eq!(found["changed"], "changed: Namespaces: 101 unshare-uts: UTS A → B");
    Ok(())
}

#[test]
fn the_table_opens_and_closes_and_is_always_printed() -> Result<()> {
    needs_chromium!("the_table_opens_and_closes_and_is_always_printed");
    let script = r#"
        const table = player.querySelector(".player-table");
        const toggle = player.querySelector(".player-toggle");
        const seen = [];
        const see = () => seen.push([table.checkVisibility(), toggle.getAttribute("aria-expanded")]);
        see(); toggle.click(); see(); toggle.click(); see();
        // What holds for paper, applied here.
        const sheet = [...document.styleSheets].find((one) => [...one.cssRules].some((rule) => rule.media?.mediaText === "print"));
        const print = [...sheet.cssRules].find((rule) => rule.media?.mediaText === "print");
        const rules = [...print.cssRules].map((rule) => rule.cssText).join("\n");
        document.head.append(Object.assign(document.createElement("style"), { textContent: rules }));
        finish({ seen, printed: [table.checkVisibility(), stepper.checkVisibility()] });
    "#;
    let found = found(&page(&["chroot"], true)?, script)?;
    assert_eq!(found["seen"], json!([[false, "false"], [true, "true"], [false, "false"]]));
    assert_eq!(found["printed"], json!([true, false]));
    Ok(())
}

#[test]
fn nothing_in_a_player_is_out_of_reach() -> Result<()> {
    needs_axe!("nothing_in_a_player_is_out_of_reach");
    let script = r#"
        press("End"); press("ArrowLeft"); click("toggle");
        axe.run(document).then((found) => finish(found.violations.map((one) =>
            `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`)));
    "#;
    for colours in ["color: #222; background: #fff", "--fg: #ddd; --links: #9cf; color: #ddd; background: #111"] {
        let axe = std::fs::read_to_string(chromium::axe().expect("it was there a moment ago"))?;
        let page = page(&["unshare-pid", "cgroup"], true)?;
        let page = page
            .replace("<main>", &format!("<main style=\"{colours}\">"))
            .replace("</main>", &format!("</main><script>{axe}</script>"));
        assert_eq!(found(&page, script)?, json!([]), "{colours}");
        let worse = page.replace("</main>", "<img src=\"data:,\"></main>");
        assert!(found(&worse, script)?.to_string().contains("image-alt"), "whoever finds nothing has not looked");
    }
    Ok(())
}
