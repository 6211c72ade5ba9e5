//! A stored object on its way to the client: opened chunk by chunk. No byte is released before it
//! is authentic, and a body that fails ends short of its Content-Length, never cleanly.

use bytes::Bytes;
use bytes::BytesMut;
use crypto::Opener;

use super::Pieces;
use super::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;

/// What is done with the backend's body.
pub enum Download {
    /// None is expected, and none is passed on.
    Empty,
    /// Passed on as it is.
    Relay,
    /// Passed on unless it turns out to be a sealed segment without its envelope.
    Unsealed(Sniff),
    /// Opened.
    Open(Box<Opening>),
    /// An error document, told as ours.
    Refused(Refusal),
}

/// The first bytes of an unsealed body, held until they are known not to be a segment's.
#[derive(Debug, Default)]
pub struct Sniff {
    held: BytesMut,
    done: bool,
}

/// A body that is being opened.
pub struct Opening {
    opener: Option<Opener>,
    stored: u64,
    plain: u64,
    received: u64,
    released: u64,
}

impl Opening {
    /// Opens `stored` bytes into `plain` bytes.
    #[must_use]
    pub fn new(opener: Opener, stored: u64, plain: u64) -> Self {
        Self {
            opener: Some(opener),
            stored,
            plain,
            received: 0,
            released: 0,
        }
    }

    fn push(&mut self, sealed: &[u8], end: bool) -> Result<Bytes> {
        let mut out = Pieces::default();
        self.received += sealed.len() as u64;
        if let (Some(opener), false) = (&mut self.opener, sealed.is_empty()) {
            opener.push(sealed, &mut |plain| out.push(plain))?;
        }
        if end || self.received >= self.stored {
            self.finish(&mut out)?;
        }
        self.released += out.len();
        if self.released > self.plain || (self.opener.is_none() && self.released != self.plain) {
            return Err(Error::Internal(
                "opened body has another length than announced",
            ));
        }
        Ok(out.join())
    }

    /// The backend's body has ended; without all stored bytes this is a truncation.
    fn finish(&mut self, out: &mut Pieces) -> Result<()> {
        if self.received > self.stored {
            return Err(crypto::Error::TrailingBytes.into());
        }
        if let Some(opener) = self.opener.take() {
            opener.finish(&mut |plain| out.push(plain))?;
        }
        Ok(())
    }
}

impl Sniff {
    /// Every segment begins so, FORMAT.md §4.
    const MAGIC: &'static [u8] = b"SGS1";

    fn push(&mut self, piece: Option<Bytes>, end: bool) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(piece);
        }
        self.held.extend_from_slice(&piece.unwrap_or_default());
        if self.held.starts_with(Self::MAGIC) {
            return Err(crypto::Error::EnvelopeMissing.into());
        }
        if !end && self.held.len() < Self::MAGIC.len() {
            return Ok(Some(Bytes::new()));
        }
        self.done = true;
        Ok(Some(self.held.split().freeze()))
    }
}

impl Download {
    /// Takes what the backend sent and returns what the client gets now.
    pub fn push(&mut self, body: Option<Bytes>, end: bool) -> Result<Option<Bytes>> {
        match self {
            Self::Empty => Ok(body.map(|_| Bytes::new())),
            Self::Relay => Ok(body),
            Self::Unsealed(sniff) => sniff.push(body, end),
            Self::Open(opening) => {
                let sealed = body.unwrap_or_default();
                opening.push(&sealed, end).map(Some)
            }
            Self::Refused(refusal) => {
                let piece = body.unwrap_or_default();
                refusal.push(&piece, end).map(Some)
            }
        }
    }
}
