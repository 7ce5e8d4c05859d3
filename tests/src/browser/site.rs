//! The smallest static file server that a built site needs: what works here works on any host of static files.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// The site is served below this path, as it is on a host that has others beside it.
const PREFIX: &str = "/docs/redwind/";

/// A folder of files, served on a free loopback port until it is dropped.
pub struct Site {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves what `make build` built.
    pub fn dist() -> Result<Site> {
        let dist = workspace().join("dist");
        ensure!(
            dist.join("index.html").is_file(),
            "the site is not built: run `make build` first"
        );
        Site::serve(&dist, 0)
    }

    /// Serves what `make npm` built.
    pub fn package() -> Result<Site> {
        let package = workspace().join("target/npm");
        ensure!(
            package.join("package.json").is_file(),
            "the npm package is not built: run `make npm` first"
        );
        Site::serve(&package, 0)
    }

    /// Serves `folder`, on any free port if `port` is 0.
    pub fn serve(folder: &Path, port: u16) -> Result<Site> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("port {port} is taken"))?;
        let address = listener.local_addr()?;
        let folder = Arc::new(folder.to_owned());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let folder = Arc::clone(&folder);
                // A browser asks over several connections at once, and keeps some open that it never uses.
                std::thread::spawn(move || answer(stream, &folder));
            }
        });
        Ok(Site {
            address,
            stop,
            thread: Some(thread),
        })
    }

    /// The URL of the page, followed by `rest`: `""`, `"#/locks/gc-pause"`, `"prepared/index.json"` …
    #[must_use]
    pub fn url(&self, rest: &str) -> String {
        format!("http://{}{PREFIX}{rest}", self.address)
    }

    /// Waits for the server to end, which it never does by itself.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, which looks at `stop` only when somebody knocks.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The root of the repository.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Answers one request and closes. A client that breaks off is its own affair, so errors end here.
fn answer(mut stream: TcpStream, folder: &Path) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let Some(target) = request_target(&stream) else {
        return;
    };
    let found =
        file_of(&target, folder).and_then(|file| Some((fs::read(&file).ok()?, mime(&file))));
    let (status, (body, mime)) = match found {
        Some(found) => ("200 OK", found),
        None => (
            "404 Not Found",
            (
                format!("no such file: {target}\n").into_bytes(),
                "text/plain",
            ),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}

/// `/a/b?c` of `GET /a/b?c HTTP/1.1`, after the request's head was read to its end.
fn request_target(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    while !lines.next()?.ok()?.is_empty() {}
    let mut words = first.split(' ');
    (words.next()? == "GET").then(|| words.next().map(str::to_owned))?
}

/// The file behind a request's target, if that stays inside the folder.
fn file_of(target: &str, folder: &Path) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix(PREFIX)?;
    let relative = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| folder.join(relative))
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("md" | "txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
