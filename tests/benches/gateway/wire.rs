//! The part of HTTP/1.1 that both ends of this benchmark need: heads, and nothing chunked.

use std::io;
use std::io::BufRead;

/// First line and headers of a message.
pub struct Head {
    /// Request line or status line.
    pub first: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads the next head; none when the connection ends before it.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(first) = line(reader)? else {
            return Ok(None);
        };
        let mut headers = Vec::with_capacity(16);
        loop {
            let line = line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                return Ok(Some(Self { first, headers }));
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The value of the first header of this name, which is in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        headers.find_map(|(held, value)| (held == name).then_some(value))
    }

    /// All headers, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `Content-Length`; an error where the body is framed in another way.
    pub fn content_length(&self) -> io::Result<usize> {
        if self.get("transfer-encoding").is_some() {
            return Err(io::Error::other("body is in chunks"));
        }
        let length = self.get("content-length").unwrap_or("0");
        length.parse().map_err(io::Error::other)
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let text = line
        .strip_suffix("\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    line.truncate(text.len());
    Ok(Some(line))
}
