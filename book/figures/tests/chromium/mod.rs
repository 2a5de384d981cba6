//! A headless Chromium that opens one page, lets its scripts run to their end, and is gone.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;

/// Where the checker of accessibility is: the `axe.min.js` of axe-core.
const AXE: &str = "BOXWRIGHT_AXE";
/// Where a script leaves what it has found.
const RESULT: &str = "result-of-the-test";

/// The program, if this host has it.
pub(crate) fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let files = std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// The checker, if there is one.
pub(crate) fn axe() -> Option<PathBuf> {
    std::env::var_os(AXE).map(PathBuf::from).filter(|file| file.is_file())
}

/// Opens a page and gives what its script has left, as JSON. The script has the last word in the page; it calls `finish(…)`.
pub(crate) fn result_of(page: &str, script: &str, base: Option<&Path>) -> Result<Value> {
    let base = base.map(|base| format!("<base href=\"file://{}/\">", base.display())).unwrap_or_default();
    let finish = format!(
        "const finish = (value) => {{\n\
           const place = document.createElement(\"script\");\n\
           place.type = \"application/json\"; place.id = \"{RESULT}\";\n\
           place.textContent = JSON.stringify(value).replaceAll(\"<\", \"\\\\u003c\");\n\
           document.body.append(place);\n\
         }};\n\
         window.addEventListener(\"error\", (event) => finish({{ error: event.message }}));\n\
         window.addEventListener(\"unhandledrejection\", (event) => finish({{ error: String(event.reason) }}));"
    );
    // What belongs to the page is found beside the page, wherever this copy lies.
    let page = page.replacen("<head>", &format!("<head>{base}<script>{finish}</script>"), 1);
    let (front, back) = page.rsplit_once("</body>").context("a page has an end")?;
    let seen = opened(
        &format!("{front}<script>addEventListener(\"load\", () => {{\n{script}\n}});</script></body>{back}"),
        &[],
    )?;
    let found = seen.split_once(&format!("id=\"{RESULT}\">")).and_then(|(_, rest)| rest.split_once("</script>"));
    let (json, _) = found.with_context(|| format!("the script has not come to its end; the page is now\n{seen}"))?;
    Ok(serde_json::from_str(json)?)
}

/// Opens a page and gives what it has become.
pub(crate) fn opened(page: &str, options: &[&str]) -> Result<String> {
    let place = tempfile::Builder::new().prefix("figures-chromium-").tempdir()?;
    let file = place.path().join("page.html");
    std::fs::write(&file, page)?;
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "120"]).arg(chromium().context("there is no Chromium")?);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-breakpad"]);
    command.args([
        "--no-first-run",
        "--disable-extensions",
        "--disable-background-networking",
        "--window-size=1200,900",
    ]);
    command.args(["--allow-file-access-from-files", "--virtual-time-budget=30000", "--dump-dom"]).args(options);
    command.arg(format!("--user-data-dir={}", place.path().join("profile").display()));
    command.arg(format!("file://{}", file.display())).env("HOME", place.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    let mut seen = Vec::new();
    let read = child.stdout.take().context("its output is a pipe")?.read_to_end(&mut seen);
    let ended = child.wait()?;
    // Its helpers end with it, but not at once: nobody may write into a profile that is being removed.
    let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
    read?;
    ensure!(ended.success(), "Chromium ended with {ended}");
    Ok(String::from_utf8_lossy(&seen).into_owned())
}
