//! One S3 client on one connection. A head is signed once and sent as often as wanted: nothing
//! forbids a second use within the clock skew, and signing is not what is measured.

use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::header;
use s3::SecretKey;
use s3::UNSIGNED_PAYLOAD;
use time::OffsetDateTime;

use crate::wire::Head;

/// The pair of keys that the gateways know.
pub const ACCESS_KEY: &str = "AKBENCH";
/// Its secret half.
pub const SECRET_KEY: &str = "a secret of this benchmark and nothing else";
/// What everybody signs for.
pub const REGION: &str = "us-east-1";

/// How long an answer may pause; nothing here takes a tenth of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The methods that are measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Put,
    /// In frames, with a checksum as trailer.
    PutFramed,
    Post,
}

/// What is asked.
pub struct Call<'a> {
    pub method: Method,
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// Bytes of the object's beginning.
    pub range: Option<usize>,
    /// As it is on the wire.
    pub body: &'a [u8],
    /// Bytes of the object that is put.
    pub object: usize,
}

impl Call<'_> {
    /// The request's head for `address`, signed now.
    pub fn head(&self, address: SocketAddr) -> io::Result<Vec<u8>> {
        let method = match self.method {
            Method::Get => http::Method::GET,
            Method::Put | Method::PutFramed => http::Method::PUT,
            Method::Post => http::Method::POST,
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, text(address.to_string())?);
        if let Some(len) = self.range {
            headers.insert(header::RANGE, text(format!("bytes=0-{}", len - 1))?);
        }
        if self.method != Method::Get {
            headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        }
        let payload = if self.method == Method::PutFramed {
            headers.insert(header::CONTENT_ENCODING, text("aws-chunked".to_owned())?);
            headers.insert("x-amz-decoded-content-length", self.object.into());
            headers.insert("x-amz-trailer", text("x-amz-checksum-crc32".to_owned())?);
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        } else {
            UNSIGNED_PAYLOAD
        };
        let head = s3::Head {
            method: &method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
        };
        let secret = SecretKey::new(SECRET_KEY.to_owned());
        let now = OffsetDateTime::now_utc();
        let signature = s3::sign(&head, ACCESS_KEY, &secret, REGION, now, payload);
        headers.extend(signature);
        let mark = if self.query.is_empty() { "" } else { "?" };
        let target = format!("{}{mark}{}", self.path, self.query);
        let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        for (name, value) in &headers {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        Ok(bytes)
    }
}

fn text(value: String) -> io::Result<HeaderValue> {
    HeaderValue::try_from(value).map_err(io::Error::other)
}

/// A connection that is kept.
pub struct Client {
    reader: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            reader: BufReader::with_capacity(16 << 10, stream),
            buffer: vec![0; 256 << 10],
        })
    }

    /// Sends a request and reads the answer's head, which must be one of success. Returns the
    /// length of the body that follows.
    pub fn ask(&mut self, head: &[u8], body: &[u8]) -> io::Result<usize> {
        self.answer(head, body)?.content_length()
    }

    /// The same; returns the head.
    pub fn answer(&mut self, head: &[u8], body: &[u8]) -> io::Result<Head> {
        let mut stream = self.reader.get_ref();
        stream.write_all(head)?;
        stream.write_all(body)?;
        let answer = Head::read(&mut self.reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let success = answer.first.starts_with("HTTP/1.1 20");
        if success {
            return Ok(answer);
        }
        let mut reason = vec![0; answer.content_length()?];
        self.reader.read_exact(&mut reason)?;
        let reason = String::from_utf8_lossy(&reason);
        Err(io::Error::other(format!("{}: {reason}", answer.first)))
    }

    /// Reads a body of just this length.
    pub fn read(&mut self, body: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(body)
    }

    /// Reads `len` bytes of a body and forgets them.
    pub fn skip(&mut self, mut len: usize) -> io::Result<()> {
        while len > 0 {
            let most = len.min(self.buffer.len());
            // INVARIANT: `most` is at most the buffer's length.
            let read = self.reader.read(&mut self.buffer[..most])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            len -= read;
        }
        Ok(())
    }

    /// Sends a request and reads the whole answer.
    pub fn fetch(&mut self, head: &[u8], body: &[u8]) -> io::Result<Vec<u8>> {
        let mut answer = vec![0; self.ask(head, body)?];
        self.reader.read_exact(&mut answer)?;
        Ok(answer)
    }
}
