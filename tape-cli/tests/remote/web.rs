//! A web server that serves ranges of files, with faults on request.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A fault that occurs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answers with a status and nothing else.
    Status(u16),
    /// Closes the connection in the middle of an answer.
    Truncates,
    /// Waits before it answers.
    Slow(Duration),
    /// Gives the whole file where a part is asked for.
    NoRange,
    /// Says that the file is another than before.
    OtherTag,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Bytes of the answer.
    pub(crate) bytes: u64,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// For the next requests of parts.
    faults: VecDeque<Fault>,
}

/// A server of the files in a folder.
pub(crate) struct Web {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Web {
    pub(crate) fn serve(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (state, root) = (Arc::<Mutex<State>>::default(), root.to_owned());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, root) = (Arc::clone(&shared), root.clone());
                std::thread::spawn(move || while answer(&stream, &root, &state).is_some() {});
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Sets the faults of the next requests for parts of files.
    pub(crate) fn fails(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// Returns the requests since the last call.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().requests)
    }

    pub(crate) fn is_done_failing(&self) -> bool {
        let mut state = self.lock();
        let done = state.faults.is_empty();
        state.faults.clear();
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one request, or returns `None` if the connection has ended.
fn answer(stream: &TcpStream, root: &Path, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let head = lines.next()?.ok()?;
    let (mut range, mut length) = (None, 0_usize);
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "range" => range = Some(value.trim().strip_prefix("bytes=")?.to_owned()),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    assert_eq!(length, 0, "nothing is sent here");
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.trim_start_matches('/').to_owned());
    let path = path.replace("%3D", "=").replace("%20", " ");
    let fault = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if range.is_some() { state.faults.pop_front() } else { None }
    };
    let bytes = respond(stream, (&method, &root.join(&path)), range.as_deref(), fault);
    let request = Request { method, path, bytes: bytes? };
    state.lock().unwrap_or_else(PoisonError::into_inner).requests.push(request);
    Some(())
}

fn respond(
    mut stream: &TcpStream,
    (method, file): (&str, &PathBuf),
    range: Option<&str>,
    fault: Option<Fault>,
) -> Option<u64> {
    let mut plain = |status: &str| {
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").ok()?;
        Some(0)
    };
    match fault {
        Some(Fault::Status(status)) => return plain(&format!("{status} Status")),
        Some(Fault::Slow(time)) => std::thread::sleep(time),
        _ => {}
    }
    let Some(content) = fs::read(file).ok().filter(|_| file.is_file()) else { return plain("404 Not Found") };
    let all = content.len();
    let (status, part) = match range.filter(|_| fault != Some(Fault::NoRange)) {
        Some(range) => {
            let (first, last) = range.split_once('-')?;
            let first: usize = first.parse().ok()?;
            let last: usize = last.parse::<usize>().map_or(all, |last| last + 1).min(all);
            ("206 Partial Content", first..last)
        }
        None => ("200 OK", 0..all),
    };
    let tag = if fault == Some(Fault::OtherTag) { "other" } else { "same" };
    let mut head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: \"{tag}\"\r\nAccept-Ranges: bytes\r\n\
         Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\n",
        part.len()
    );
    if status.starts_with("206") {
        head += &format!("Content-Range: bytes {}-{}/{all}\r\n", part.start, part.end - 1);
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    if method == "HEAD" {
        return Some(0);
    }
    let part = &content[part];
    if fault == Some(Fault::Truncates) {
        stream.write_all(&part[..part.len() / 2]).ok()?;
        stream.shutdown(std::net::Shutdown::Both).ok()?;
        return Some(part.len() as u64 / 2);
    }
    stream.write_all(part).ok()?;
    Some(part.len() as u64)
}
