//! A file by HTTP, as apt fetches it: in the clear, because its sum is known.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_REDIRECTIONS: usize = 5;

/// Opens it. `None`: the server does not have it.
pub(crate) fn get(url: &str) -> Result<Option<impl Read + use<>>> {
    let mut url = url.to_owned();
    for _ in 0..MOST_REDIRECTIONS {
        let mut stream = ask(&url).with_context(|| url.clone())?;
        let head = Head::read(&mut stream).with_context(|| url.clone())?;
        match head.status {
            200 => {
                return Ok(Some(Body { stream, left: if head.chunked { 0 } else { u64::MAX }, chunked: head.chunked }));
            }
            404 | 410 => return Ok(None),
            301 | 302 | 303 | 307 | 308 => url = head.location.context("a redirection to nowhere")?,
            status => bail!("{url}: the server answers {status}"),
        }
    }
    bail!("{url}: too many redirections")
}

/// Asks for it, through the proxy if there is one.
fn ask(url: &str) -> Result<BufReader<TcpStream>> {
    let (host, path) = parts(url)?;
    let proxy = std::env::var("http_proxy").ok().filter(|proxy| !proxy.is_empty());
    let (peer, target) = match &proxy {
        Some(proxy) => (parts(proxy)?.0, url.to_owned()),
        None => (host.clone(), path),
    };
    let peer = if peer.contains(':') { peer } else { format!("{peer}:80") };
    let mut last = None;
    for address in peer.to_socket_addrs().with_context(|| format!("the name {peer}"))? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                let words = "Connection: close\r\nAccept: */*\r\nUser-Agent: boxwright";
                write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\n{words}\r\n\r\n")?;
                return Ok(BufReader::new(stream));
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.context("it has no address")?).with_context(|| format!("connecting to {peer}"))
}

/// The host, with its port, and the path.
fn parts(url: &str) -> Result<(String, String)> {
    let rest = url.strip_prefix("http://").context("only http:// can be fetched from, as the sum is checked anyway")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((host.to_owned(), format!("/{path}")))
}

/// What comes after the head: up to the end of the connection, or in chunks, each with its size in a line before it.
struct Body {
    stream: BufReader<TcpStream>,
    /// Of this chunk.
    left: u64,
    chunked: bool,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.chunked && self.left == 0 {
            let mut line = String::new();
            // The line break after the chunk before comes first.
            while line.trim().is_empty() && self.stream.read_line(&mut line)? > 0 {}
            let size = line.trim().split(';').next().and_then(|size| u64::from_str_radix(size, 16).ok());
            self.left = size.ok_or_else(|| std::io::Error::other("the server broke off"))?;
        }
        let count = (&mut self.stream).take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

struct Head {
    status: u16,
    chunked: bool,
    location: Option<String>,
}

impl Head {
    fn read(stream: &mut impl BufRead) -> Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("this is not HTTP")?;
        let (mut location, mut chunked) = (None, false);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("location") {
                location = Some(value.trim().to_owned());
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.contains("chunked");
        }
        Ok(Self { status, chunked, location })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// One answer for each connection, in turn.
    fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                while reader.by_ref().lines().next().is_some_and(|line| !line.unwrap().is_empty()) {}
                reader.into_inner().write_all(answer.as_bytes()).unwrap();
            }
        });
        format!("http://{address}/a/file")
    }

    #[test]
    fn a_file_comes_as_it_is_and_a_redirection_is_followed() {
        let last = server(vec!["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole".to_owned()]);
        let first = server(vec![format!("HTTP/1.1 302 Found\r\nLocation: {last}\r\n\r\n")]);
        let mut text = String::new();
        get(&first).unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "whole");
    }

    #[test]
    fn a_file_may_come_in_chunks() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let url = server(vec![format!("{head}4\r\nbox-\r\n6;x=y\r\nwright\r\n0\r\n\r\n")]);
        let mut text = String::new();
        get(&url).unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "box-wright");
        let broken = server(vec![format!("{head}4\r\nbox-\r\n")]);
        assert!(get(&broken).unwrap().unwrap().read_to_string(&mut text).is_err());
    }

    #[test]
    fn what_is_not_there_is_told_from_what_fails() {
        assert!(get(&server(vec!["HTTP/1.1 404 Not Found\r\n\r\n".to_owned()])).unwrap().is_none());
        assert!(get(&server(vec!["HTTP/1.1 500 Oh\r\n\r\n".to_owned()])).is_err());
        assert!(get("https://deb.example/").is_err());
    }
}
