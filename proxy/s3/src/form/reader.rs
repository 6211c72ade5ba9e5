//! Reading a form up to its file.

use bytes::Buf as _;
use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use memchr::memmem;

use crate::Error;
use crate::ErrorCode;
use crate::form::Form;
use crate::form::FormFile;
use crate::form::malformed;
use crate::form::part::PartHead;
use crate::header;

/// The most that may stand before the file, bytes: S3's own 20 KB, read generously.
const FIELDS_BYTES_MAX: usize = 20 << 10;

/// The longest boundary, RFC 2046 §5.1.1.
const BOUNDARY_LEN_MAX: usize = 70;

/// Takes the body of a form and gives its fields, once the file begins.
#[derive(Debug)]
pub struct FormReader {
    /// What separates parts: a line's end, two dashes, the boundary.
    delimiter: Bytes,
    /// Body bytes that have not come in yet.
    to_come: u64,
    /// What has come in and is not read yet. Begins with a delimiter's line end, which the first
    /// delimiter of a body does not have.
    unread: BytesMut,
    /// Bytes already read.
    read: usize,
    form: Form,
}

/// What a piece of a body led to.
#[derive(Debug)]
pub enum Read {
    /// The fields go on.
    Fields(FormReader),
    /// The file begins.
    File {
        /// The fields before it.
        form: Form,
        /// Takes the rest of the body.
        file: FormFile,
        /// The file's beginning: the first thing that [`FormFile::push`] must be given.
        rest: Bytes,
    },
}

impl FormReader {
    /// For a body whose request has `headers`.
    ///
    /// Errors: `PreconditionFailed` unless it is a form; `MalformedPOSTRequest` without a usable
    /// boundary; `MissingContentLength`.
    pub fn new(headers: &HeaderMap) -> Result<Self, Error> {
        let content_type = header::single(headers, "content-type")?.unwrap_or_default();
        let boundary = boundary(content_type)?;
        let length = header::single(headers, "content-length")?
            .ok_or_else(|| Error::new(ErrorCode::MissingContentLength))?;
        let only_digits = length.bytes().all(|byte| byte.is_ascii_digit());
        let to_come = length.parse().ok().filter(|_| only_digits);
        Ok(Self {
            delimiter: Bytes::from([b"\r\n--", boundary.as_bytes()].concat()),
            to_come: to_come.ok_or_else(|| Error::new(ErrorCode::InvalidArgument))?,
            unread: BytesMut::from(&b"\r\n"[..]),
            read: 0,
            form: Form::default(),
        })
    }

    /// Takes the next piece of the body.
    ///
    /// Errors: `MalformedPOSTRequest` for what is no form and for more than was announced;
    /// `MaxPostPreDataLengthExceeded` for too much before the file; `InvalidArgument` for a field
    /// given twice and for a form without a file.
    pub fn push(mut self, wire: &Bytes) -> Result<Read, Error> {
        self.to_come = self
            .to_come
            .checked_sub(wire.len() as u64)
            .ok_or_else(malformed)?;
        self.unread.extend_from_slice(wire);
        while let Some(part) = self.part()? {
            match part {
                Part::Field { name, value, end } => {
                    self.consume(end);
                    self.form.add(name, value)?;
                }
                Part::File { name, start } => return self.file(name, start),
            }
        }
        self.fits(self.unread.len())?;
        Ok(Read::Fields(self))
    }

    /// The next part, as far as it has come in.
    fn part(&self) -> Result<Option<Part>, Error> {
        let unread = &*self.unread;
        let begun = unread.len().min(self.delimiter.len());
        if unread.get(..begun) != self.delimiter.get(..begun) {
            return Err(malformed());
        }
        let Some(after) = unread.get(self.delimiter.len()..) else {
            return Ok(None);
        };
        let lines = match (after.strip_prefix(b"\r\n"), after.strip_prefix(b"--")) {
            (Some(lines), _) => lines,
            (None, Some(_)) => return Err(no_file()),
            (None, None) if after.len() < 2 => return Ok(None),
            (None, None) => return Err(malformed()),
        };
        let Some(head_len) = memmem::find(lines, b"\r\n\r\n") else {
            return Ok(None);
        };
        let (head, rest) = lines.split_at(head_len);
        let head = PartHead::parse(head)?;
        let start = unread.len() - rest.len() + 4;
        if head.name == "file" {
            let name = head.file_name.unwrap_or_default();
            return Ok(Some(Part::File { name, start }));
        }
        let value = unread.get(start..).unwrap_or_default();
        let Some(len) = memmem::find(value, &self.delimiter) else {
            return Ok(None);
        };
        let value = value.get(..len).map(<[u8]>::to_vec).unwrap_or_default();
        Ok(Some(Part::Field {
            name: head.name,
            value: String::from_utf8(value).map_err(|_| malformed())?,
            end: start + len,
        }))
    }

    fn file(mut self, name: String, start: usize) -> Result<Read, Error> {
        self.fits(start)?;
        self.consume(start);
        let rest = self.unread.freeze();
        let to_come = self.to_come + rest.len() as u64;
        self.form.file_name = name;
        Ok(Read::File {
            form: self.form,
            file: FormFile::new(&self.delimiter, to_come)?,
            rest,
        })
    }

    fn consume(&mut self, len: usize) {
        self.unread.advance(len);
        self.read += len;
    }

    fn fits(&self, more: usize) -> Result<(), Error> {
        if self.read + more <= FIELDS_BYTES_MAX {
            return Ok(());
        }
        Err(Error::new(ErrorCode::MaxPostPreDataLengthExceeded))
    }
}

enum Part {
    /// A field; `end` is where the delimiter after it begins.
    Field {
        name: String,
        value: String,
        end: usize,
    },
    /// The file, whose first byte is at `start`.
    File { name: String, start: usize },
}

/// The boundary in a form's `Content-Type` (RFC 2046 §5.1.1).
fn boundary(content_type: &str) -> Result<&str, Error> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return Err(Error::new(ErrorCode::PreconditionFailed)
            .with_message("Bucket POST must be of the enclosure-type multipart/form-data")
            .with_detail(
                "Condition",
                "Bucket POST must be of the enclosure-type multipart/form-data",
            ));
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_boundary = name.trim().eq_ignore_ascii_case("boundary");
        is_boundary.then(|| value.trim().trim_matches('"'))
    });
    let fits = |text: &&str| {
        (1..=BOUNDARY_LEN_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    boundary.filter(fits).ok_or_else(malformed)
}

fn no_file() -> Error {
    Error::new(ErrorCode::InvalidArgument)
        .with_message("POST requires exactly one file upload per request.")
        .with_detail("ArgumentName", "file")
        .with_detail("ArgumentValue", "0")
}
