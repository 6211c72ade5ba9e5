//! Pieces of a parts object that say what it consists of: its list, headers and footers.

use std::ops::Range;

use bytes::Bytes;
use crypto::Digests;
use crypto::Envelope;
use crypto::PartFoot;
use crypto::PartList;
use crypto::PartTable;
use crypto::SealedLen;
use crypto::Tail;
use crypto::Walk;
use http::HeaderValue;
use http::Method;
use http::StatusCode;

use crate::assemble::Snapshot;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// The answer to a question for a piece, bytes: an error document at most.
const PIECE_BYTES_MAX: usize = 64 << 10;
/// The end of an object in which most lists of parts lie, bytes (FORMAT.md §4.5).
const TAIL: u64 = 1 << 10;

/// Stored bytes of exactly this version; nothing when it is no longer there.
pub async fn piece(
    snapshot: &Snapshot,
    read: &Outgoing,
    etag: &HeaderValue,
    bytes: Range<u64>,
) -> Result<Option<Bytes>> {
    let piece = Outgoing {
        method: Method::GET,
        ..read.clone()
    };
    let len = bytes.end - bytes.start;
    let piece = piece.of_version(etag.clone()).with_range(bytes);
    let answer = snapshot
        .backend
        .ask(&piece, &Bytes::new(), PIECE_BYTES_MAX)
        .await?;
    match answer.status {
        StatusCode::PARTIAL_CONTENT if answer.body.len() as u64 == len => Ok(Some(answer.body)),
        StatusCode::PRECONDITION_FAILED => Ok(None),
        _ => Err(Error::Backend("piece other than the one asked for")),
    }
}

/// The list at the end of the parts object of `read`; nothing when the object changed meanwhile.
pub async fn list(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    (etag, stored): (&HeaderValue, u64),
) -> Result<Option<Tail>> {
    let suite = envelope.suite();
    let closing = envelope.dek().closing_key(suite);
    let mut wanted = TAIL;
    loop {
        let start = stored.saturating_sub(wanted);
        let tail = piece(snapshot, read, etag, start..stored).await?;
        let Some(tail) = tail else {
            return Ok(None);
        };
        match PartList::from_tail(&tail, SealedLen(stored), &closing, suite)? {
            Tail::Longer(more) if more > wanted => wanted = more,
            Tail::Longer(_) => return Ok(Some(Tail::Absent)),
            found => return Ok(Some(found)),
        }
    }
}

/// The checksum that a list keeps of its object.
#[must_use]
pub fn sum(list: &PartList) -> Option<Shown> {
    let sum = list.digests().sum.as_ref()?;
    Some(checksum::shown(sum, Some(list.count())))
}

/// Where the parts of the object of `read` lie, and its list if it has one: from that list, or from
/// a walk. Nothing when the object changed meanwhile.
pub async fn parts(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    (etag, stored): (&HeaderValue, u64),
) -> Result<Option<(PartTable, Option<PartList>)>> {
    let (dek, suite) = (envelope.dek(), envelope.suite());
    let list = match list(snapshot, read, envelope, (etag, stored)).await? {
        None => return Ok(None),
        Some(Tail::List(list)) => Some(list),
        Some(_) => None,
    };
    if let Some(table) = list.as_ref().and_then(PartList::table) {
        return Ok(Some((table, list)));
    }
    let mut walk = Walk::new(dek, suite, SealedLen(stored), list.clone());
    while let Some(bytes) = walk.wants() {
        match piece(snapshot, read, etag, bytes).await? {
            Some(bytes) => walk.step(&bytes)?,
            None => return Ok(None),
        }
    }
    Ok(Some((walk.finish()?, list)))
}

/// Where they lie, alone.
pub async fn table(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    stored: (&HeaderValue, u64),
) -> Result<Option<PartTable>> {
    let found = parts(snapshot, read, envelope, stored).await?;
    Ok(found.map(|(table, _)| table))
}

/// What is known of a single part, from its footer; nothing when the object changed meanwhile.
pub async fn part_digests(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    etag: &HeaderValue,
    foot: PartFoot,
) -> Result<Option<Digests>> {
    let (header, footer) = tokio::try_join!(
        Box::pin(piece(snapshot, read, etag, foot.header())),
        Box::pin(piece(snapshot, read, etag, foot.footer())),
    )?;
    let (Some(header), Some(footer)) = (header, footer) else {
        return Ok(None);
    };
    Ok(Some(foot.open(envelope.dek(), &header, &footer)?))
}
