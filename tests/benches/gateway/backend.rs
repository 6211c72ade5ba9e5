//! An object store in memory, as cheap as can be: whatever is put under a path is served from it.
//! It verifies no signature and knows neither buckets nor listings. Blocking, a thread for each
//! connection: nothing is cheaper for a handful of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;

use crate::uploads;
use crate::uploads::Uploads;
use crate::wire::Head;

/// Makes this executable the store instead of the benchmark.
pub const ARGUMENT: &str = "--serve-objects";

/// Serves until the process is killed; says its address in the first line of standard output.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let store = Arc::new(Store::default());
    for client in listener.incoming() {
        let (store, client) = (Arc::clone(&store), client?);
        thread::Builder::new()
            .stack_size(256 << 10)
            // A connection that breaks off is the other end's to report.
            .spawn(move || Connection::new(&store, &client)?.serve())?;
    }
    Ok(())
}

#[derive(Default)]
struct Store {
    objects: Mutex<HashMap<String, Arc<Object>>>,
    writes: AtomicU64,
    uploads: Uploads,
}

struct Object {
    body: Vec<u8>,
    etag: String,
    /// Rendered header lines: content type and metadata.
    kept: String,
}

impl Store {
    fn get(&self, path: &str) -> Option<Arc<Object>> {
        let objects = self.objects.lock();
        let objects = objects.unwrap_or_else(PoisonError::into_inner);
        objects.get(path).cloned()
    }

    /// Stores an object, and gives the memory of its predecessor back for the next one.
    fn put(&self, path: &str, object: Object) -> Vec<u8> {
        let objects = self.objects.lock();
        let old = objects
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), Arc::new(object));
        let old = old.and_then(Arc::into_inner);
        old.map_or_else(Vec::new, |object| object.body)
    }
}

struct Connection<'a> {
    store: &'a Store,
    reader: BufReader<&'a TcpStream>,
    writer: &'a TcpStream,
    buffer: Vec<u8>,
}

impl<'a> Connection<'a> {
    fn new(store: &'a Store, stream: &'a TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            store,
            reader: BufReader::with_capacity(16 << 10, stream),
            writer: stream,
            buffer: Vec::new(),
        })
    }

    fn serve(&mut self) -> io::Result<()> {
        while let Some(head) = Head::read(&mut self.reader)? {
            let mut words = head.first.split(' ');
            let (method, target) = (words.next(), words.next().unwrap_or_default());
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            match method {
                Some(method) if query.starts_with("upload") || query.contains("&upload") => {
                    self.upload(method, path, query, &head)?;
                }
                Some("PUT") => self.put(path, &head)?,
                Some("GET") => self.get(path, &head, true)?,
                Some("HEAD") => self.get(path, &head, false)?,
                _ => self.refuse("501 Not Implemented")?,
            }
        }
        Ok(())
    }

    fn put(&mut self, path: &str, head: &Head) -> io::Result<()> {
        let mut body = std::mem::take(&mut self.buffer);
        body.resize(head.content_length()?, 0);
        self.reader.read_exact(&mut body)?;
        let write = self.store.writes.fetch_add(1, Ordering::Relaxed);
        let etag = format!("\"{write:032x}\"");
        let kept = kept(head);
        let answer = format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: 0\r\n\r\n");
        self.buffer = self.store.put(path, Object { body, etag, kept });
        self.writer.write_all(answer.as_bytes())
    }

    fn get(&mut self, path: &str, head: &Head, with_body: bool) -> io::Result<()> {
        let Some(object) = self.store.get(path) else {
            return self.refuse("404 Not Found");
        };
        if head.get("if-match").is_some_and(|etag| etag != object.etag) {
            return self.refuse("412 Precondition Failed");
        }
        let size = object.body.len();
        let asked = head.get("range").map(|range| span(range, size));
        let (status, span) = match asked {
            None => ("200 OK", 0..size),
            Some(Some(span)) => ("206 Partial Content", span),
            Some(None) => return self.refuse("416 Range Not Satisfiable"),
        };
        let mut answer = format!(
            "HTTP/1.1 {status}\r\nETag: {}\r\nLast-Modified: Tue, 01 Jul 2025 00:00:00 GMT\r\n\
             Accept-Ranges: bytes\r\nContent-Length: {}\r\n{}",
            object.etag,
            span.len(),
            object.kept
        );
        if span.len() < size {
            let (first, last) = (span.start, span.end.saturating_sub(1));
            let _ = write!(answer, "Content-Range: bytes {first}-{last}/{size}\r\n");
        }
        answer.push_str("\r\n");
        self.writer.write_all(answer.as_bytes())?;
        match object.body.get(span).filter(|_| with_body) {
            Some(body) => self.writer.write_all(body),
            None => Ok(()),
        }
    }

    /// A call on an upload: its parts are read and counted, and not kept.
    fn upload(&mut self, method: &str, path: &str, query: &str, head: &Head) -> io::Result<()> {
        let mut body = std::mem::take(&mut self.buffer);
        body.resize(head.content_length()?, 0);
        self.reader.read_exact(&mut body)?;
        let write = self.store.writes.fetch_add(1, Ordering::Relaxed);
        let call = uploads::Call {
            method,
            query,
            kept: kept(head),
            len: body.len(),
            etag: format!("{write:032x}"),
        };
        self.buffer = body;
        let Some(done) = self.store.uploads.take(call) else {
            return self.refuse("404 Not Found");
        };
        if let Some((etag, kept)) = done.object {
            let body = Vec::new();
            self.store.put(path, Object { body, etag, kept });
        }
        let (etag, xml) = (done.etag, done.xml);
        let length = xml.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nETag: \"{etag}\"\r\nContent-Length: {length}\r\n\r\n{xml}");
        self.writer.write_all(answer.as_bytes())
    }

    fn refuse(&mut self, status: &str) -> io::Result<()> {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        self.writer.write_all(answer.as_bytes())
    }
}

fn kept(head: &Head) -> String {
    let mut kept = String::new();
    for (name, value) in head.headers() {
        if name == "content-type" || name.starts_with("x-amz-meta-") {
            let _ = write!(kept, "{name}: {value}\r\n");
        }
    }
    kept
}

/// `bytes=FIRST-LAST` or `bytes=FIRST-` of an object of `size` bytes.
fn span(range: &str, size: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start: usize = first.parse().ok()?;
    let end = match last {
        "" => size,
        last => last.parse::<usize>().ok()?.checked_add(1)?.min(size),
    };
    (start < end).then_some(start..end)
}
