//! The plaintext of a source, piece by piece.

use std::mem;
use std::ops::Range;

use bytes::Bytes;
use crypto::Digests;
use crypto::Layout;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Span;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use s3::ErrorCode;

use super::Source;
use crate::assemble::Snapshot;
use crate::backend::Receiving;
use crate::error::Error;
use crate::error::Result;
use crate::lookup;
use crate::plan::Outgoing;
use crate::transform::Pieces;

/// Reads a source, all of it or a range.
pub(in crate::answer) struct Reader {
    read: Receiving,
    open: Opening,
    /// Stored bytes that have not come in yet.
    to_come: u64,
}

enum Opening {
    /// Not sealed: passed on.
    Plain,
    /// Sealed.
    Sealed(Box<Opener>),
    /// Proven true to its end.
    Done(Digests),
}

impl Reader {
    /// Asks for the plain `range` of `source`, which lies inside; for all of it without one.
    pub async fn open(
        snapshot: &Snapshot,
        source: &Source,
        range: Option<Range<u64>>,
    ) -> Result<Self> {
        let whole = Outgoing {
            method: Method::GET,
            headers: HeaderMap::new(),
            ..source.head.clone()
        };
        let whole = whole.of_version(source.etag.clone());
        let (asked, open) = match (&source.envelope, range) {
            (None, range) => (range, Opening::Plain),
            (Some(envelope), None) => (None, Opening::Sealed(Box::new(Opener::of(envelope)?))),
            (Some(envelope), Some(range)) => {
                let (bytes, opener) = piece(snapshot, source, envelope, &whole, range).await?;
                (Some(bytes), Opening::Sealed(Box::new(opener)))
            }
        };
        let (to_come, status) = match &asked {
            Some(bytes) => (bytes.end - bytes.start, StatusCode::PARTIAL_CONTENT),
            None => (source.stored, StatusCode::OK),
        };
        let question = match asked {
            Some(bytes) => whole.with_range(bytes),
            None => whole,
        };
        let read = snapshot.backend.fetch(&question).await?;
        if read.status == StatusCode::PRECONDITION_FAILED {
            return Err(changed());
        }
        if read.status != status {
            return Err(Error::Backend("source of a copy"));
        }
        Ok(Self {
            read,
            open,
            to_come,
        })
    }

    /// The next bytes, perhaps none yet; nothing once all have proven true.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if matches!(self.open, Opening::Done(_)) {
            return Ok(None);
        }
        let mut plain = Pieces::default();
        let Some(piece) = self.read.next().await? else {
            if self.to_come > 0 {
                return Err(crypto::Error::SegmentTruncated.into());
            }
            let none = Opening::Done(Digests::default());
            if let Opening::Sealed(opener) = mem::replace(&mut self.open, none) {
                let digests = opener.finish(&mut |opened| plain.push(opened))?;
                self.open = Opening::Done(digests);
            }
            return Ok(Some(plain.join()));
        };
        let more = piece.len() as u64;
        let left = self.to_come.checked_sub(more);
        self.to_come = left.ok_or(crypto::Error::TrailingBytes)?;
        match &mut self.open {
            Opening::Plain => plain.push(piece),
            Opening::Sealed(opener) => opener.push(&piece, &mut |opened| plain.push(opened))?,
            Opening::Done(_) => {}
        }
        Ok(Some(plain.join()))
    }

    /// What the end of a sealed source held.
    pub fn digests(&self) -> Digests {
        match &self.open {
            Opening::Done(digests) => digests.clone(),
            Opening::Plain | Opening::Sealed(_) => Digests::default(),
        }
    }
}

/// The stored bytes of a plain range, and what opens them.
async fn piece(
    snapshot: &Snapshot,
    source: &Source,
    envelope: &crypto::Envelope,
    whole: &Outgoing,
    range: Range<u64>,
) -> Result<(Range<u64>, Opener)> {
    let (dek, suite) = (envelope.dek(), envelope.suite());
    let outside = || Error::Internal("range outside of a source");
    if envelope.layout() == Layout::Whole {
        let size = PlainLen(source.plain_len);
        let span = Span::of_whole(size, range).ok_or_else(outside)?;
        return Ok((span.sealed(), Opener::span(dek, suite, size, &span)?));
    }
    let table = lookup::table(snapshot, whole, envelope, source.end()).await?;
    let span = table.ok_or_else(changed)?.span(range).ok_or_else(outside)?;
    let mut opener = Opener::parts_span(dek, &span);
    if let Some(header) = span.head() {
        let header = lookup::piece(snapshot, whole, &source.etag, header).await?;
        opener.push(&header.ok_or_else(changed)?, &mut |_| ())?;
    }
    Ok((span.sealed(), opener))
}

/// The source was replaced under the copy.
pub(super) fn changed() -> Error {
    s3::Error::new(ErrorCode::SlowDown).into()
}
