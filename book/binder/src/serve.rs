//! `serve`: the pages on this machine alone, built again whenever something they are made of is saved.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{Event, EventKind, RecursiveMode, Watcher};

use crate::build::build;
use crate::place::Place;
use crate::say;

/// What pages of this server have beside their text: it waits until there are new ones.
const RELOAD: &str = "<script>fetch('/.changed').then(answer => { if (answer.ok) location.reload() })</script>";
/// Editors save in several steps.
const PAUSE: Duration = Duration::from_millis(100);
/// What a browser asks is shorter.
const MOST: u64 = 16 * 1024;

/// How often the pages were built, and who waits for the next time.
type Built = Arc<(Mutex<u64>, Condvar)>;

/// Builds, serves, and builds again, until it is interrupted.
///
/// # Errors
/// The port is taken, or nothing can be watched.
pub fn serve(place: &Place, port: u16) -> Result<()> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("port {port}; see --port"))?;
    let address = listener.local_addr()?;
    let (saved, saves) = channel();
    let _watcher = watch(place, saved)?;
    rebuild(place);
    say(&format!("http://{address}/"));
    let built = Built::default();
    let (pages, host) = (place.pages(), address.to_string());
    let counter = Arc::clone(&built);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (pages, host, built) = (pages.clone(), host.clone(), Arc::clone(&built));
            // A reader who leaves in the middle wants no answer.
            std::thread::spawn(move || answer(stream, &pages, &host, &built).ok());
        }
    });
    while wait(&saves) {
        rebuild(place);
        *counter.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
        counter.1.notify_all();
    }
    Ok(())
}

fn rebuild(place: &Place) {
    match build(place) {
        Ok(built) => built.wrong.iter().for_each(|wrong| say(wrong)),
        Err(error) => say(&format!("{error:#}")),
    }
}

/// Watches all that pages are made of.
fn watch(place: &Place, saved: Sender<()>) -> Result<impl Watcher> {
    let watched = move |event: notify::Result<Event>| {
        let is_change = event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
        // Nobody listens any more when the server ends.
        let _ = is_change.then(|| saved.send(()));
    };
    let mut watcher = notify::recommended_watcher(watched)?;
    for folder in ["book", "stages"].map(|folder| place.repository.join(folder)) {
        watcher.watch(&folder, RecursiveMode::Recursive).with_context(|| folder.display().to_string())?;
    }
    Ok(watcher)
}

/// Waits for a save, and for those that come with it.
fn wait(saves: &Receiver<()>) -> bool {
    let saved = saves.recv().is_ok();
    while saves.recv_timeout(PAUSE).is_ok() {}
    saved
}

fn answer(mut stream: TcpStream, pages: &Path, host: &str, built: &Built) -> std::io::Result<()> {
    let mut lines = BufReader::new((&stream).take(MOST)).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    let headers: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    // A page from elsewhere whose name was made to lead here has another host.
    let names_us = |line: &String| line.to_ascii_lowercase() == format!("host: {host}");
    let asked = request.strip_prefix("GET ").and_then(|rest| rest.split([' ', '?']).next());
    match asked.filter(|_| headers.iter().any(|line| names_us(line) || is_localhost(line))) {
        Some("/.changed") => {
            let count = built.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let before = *count;
            drop(built.1.wait_while(count, |count| *count == before));
            send(&mut stream, "200 OK", "text/plain", b"changed")
        }
        Some(path) => match file(pages, path).and_then(|file| Some((std::fs::read(&file).ok()?, file))) {
            Some((mut bytes, file)) => {
                let kind = kind(&file);
                if kind.starts_with("text/html") {
                    bytes.extend_from_slice(RELOAD.as_bytes());
                }
                send(&mut stream, "200 OK", kind, &bytes)
            }
            None => send(&mut stream, "404 Not Found", "text/plain", b"there is no such page\n"),
        },
        None => send(&mut stream, "400 Bad Request", "text/plain", b"GET, from this machine\n"),
    }
}

fn is_localhost(line: &str) -> bool {
    line.to_ascii_lowercase().starts_with("host: localhost:")
}

/// The file that a path of the address names, if it lies among the pages.
fn file(pages: &Path, path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let name = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let name = Path::new(&name);
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    // A link among the pages must not lead out of them either.
    let file = pages.join(name).canonicalize().ok()?;
    (file.is_file() && file.starts_with(pages.canonicalize().ok()?)).then_some(file)
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css",
        "js" => "text/javascript",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, bytes: &[u8]) -> std::io::Result<()> {
    let length = bytes.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_served() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        std::fs::create_dir_all(pages.join("css")).unwrap();
        std::fs::create_dir_all(pages.join("zh-CN")).unwrap();
        for name in ["pages/index.html", "pages/zh-CN/index.html", "pages/css/a.css", "secret"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("../secret", pages.join("link")).unwrap();
        for (path, there) in
            [("/", true), ("/index.html", true), ("/zh-CN/", true), ("/css/", false), ("/css/a.css", true)]
        {
            assert_eq!(file(&pages, path).is_some(), there, "{path}");
        }
        for path in [
            "/../secret",
            "/css/../../secret",
            "/link",
            "//etc/passwd",
            "/css",
            "index.html",
            "/no.html",
            "/./../secret",
        ] {
            assert_eq!(file(&pages, path), None, "{path}");
        }
    }

    #[test]
    fn a_page_is_answered_and_a_stranger_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<p>hello</p>").unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let ask = |request: &str| {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            answer(listener.accept().unwrap().0, folder.path(), &host, &Built::default()).unwrap();
            let mut said = String::new();
            client.read_to_string(&mut said).unwrap();
            said
        };
        let page = ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("hello") && page.contains("/.changed"), "{page}");
        assert!(ask(&format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n")).starts_with("HTTP/1.1 404"));
        assert!(ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 400"));
        assert!(ask(&format!("POST / HTTP/1.1\r\nHost: {host}\r\n\r\n")).starts_with("HTTP/1.1 400"));
    }
}
