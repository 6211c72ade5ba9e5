//! The last part of a form: the file.

use bytes::Bytes;
use memchr::memmem;

use crate::Error;
use crate::form::malformed;

/// Takes the rest of a form's body and lets the file through.
#[derive(Debug)]
pub struct FormFile {
    /// A line's end, two dashes, the boundary: what must not stand in the file.
    delimiter: Bytes,
    /// The file's last bytes, in which a delimiter may have begun.
    tail: Vec<u8>,
    /// File bytes that have not come in yet.
    to_come: u64,
    len: u64,
    /// What must follow the file.
    closing: Bytes,
}

impl FormFile {
    /// A file in the last `body_len` bytes of a body.
    pub(super) fn new(delimiter: &Bytes, body_len: u64) -> Result<Self, Error> {
        let closing = Bytes::from([delimiter, &b"--\r\n"[..]].concat());
        let len = body_len
            .checked_sub(closing.len() as u64)
            .ok_or_else(malformed)?;
        Ok(Self {
            delimiter: delimiter.clone(),
            tail: Vec::new(),
            to_come: len,
            len,
            closing,
        })
    }

    /// Bytes of the file.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the next piece of the body and gives the file's bytes in it.
    ///
    /// Errors: `MalformedPOSTRequest` when the file ends elsewhere than the body's length says.
    pub fn push(&mut self, mut wire: Bytes) -> Result<Bytes, Error> {
        let here = usize::try_from(self.to_come).map_or(wire.len(), |left| left.min(wire.len()));
        let closing = wire.split_off(here);
        self.to_come -= here as u64;
        if self.delimits(&wire) || !self.closing.starts_with(&closing) {
            return Err(malformed());
        }
        self.closing = self.closing.slice(closing.len()..);
        Ok(wire)
    }

    /// The body has ended.
    ///
    /// Errors: `MalformedPOSTRequest` before the closing delimiter is whole.
    pub fn finish(self) -> Result<(), Error> {
        if self.to_come == 0 && self.closing.is_empty() {
            return Ok(());
        }
        Err(malformed())
    }

    /// Whether the file has a delimiter that ends in `piece`.
    fn delimits(&mut self, piece: &[u8]) -> bool {
        let overlap = self.delimiter.len() - 1;
        let beginning = piece.get(..overlap.min(piece.len())).unwrap_or_default();
        self.tail.extend_from_slice(beginning);
        let found = memmem::find(&self.tail, &self.delimiter).is_some()
            || memmem::find(piece, &self.delimiter).is_some();
        if piece.len() > overlap {
            self.tail.clear();
            self.tail
                .extend_from_slice(piece.get(piece.len() - overlap..).unwrap_or_default());
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(overlap));
        }
        found
    }
}
