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
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;
use http::HeaderValue;
use http::Method;
use http::StatusCode;

use super::glance::End;
use crate::assemble::Snapshot;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// The answer to a question for a piece, bytes: an error document at most.
pub(super) const PIECE_BYTES_MAX: usize = 64 << 10;
/// How many pieces are asked for at a time.
const AT_A_TIME: usize = 32;
/// Of a footer.
const FOOTER_BYTES: usize = 80;
/// The end of an object in which most lists of parts lie, bytes (FORMAT.md §4.5).
pub(super) const TAIL: u64 = 1 << 10;

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
    end: End<'_>,
) -> Result<Option<Tail>> {
    let (suite, stored) = (envelope.suite(), end.stored);
    let closing = envelope.dek().closing_key(suite);
    let mut wanted = TAIL;
    let mut tail = Bytes::copy_from_slice(end.tail);
    loop {
        if (tail.len() as u64) < wanted.min(stored) {
            let start = stored.saturating_sub(wanted);
            let Some(read) = piece(snapshot, read, end.etag, start..stored).await? else {
                return Ok(None);
            };
            tail = read;
        }
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
    end: End<'_>,
) -> Result<Option<(PartTable, Option<PartList>)>> {
    let (dek, suite) = (envelope.dek(), envelope.suite());
    let list = match list(snapshot, read, envelope, end).await? {
        None => return Ok(None),
        Some(Tail::List(list)) => Some(list),
        Some(_) => None,
    };
    if let Some(table) = list.as_ref().and_then(PartList::table) {
        return Ok(Some((table, list)));
    }
    let mut walk = Walk::new(dek, suite, SealedLen(end.stored), list.clone());
    while let Some(bytes) = walk.wants() {
        match piece(snapshot, read, end.etag, bytes).await? {
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
    end: End<'_>,
) -> Result<Option<PartTable>> {
    let found = parts(snapshot, read, envelope, end).await?;
    Ok(found.map(|(table, _)| table))
}

/// What is known of several parts, from their footers; nothing when the object changed meanwhile.
pub async fn digests_of_parts(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    etag: &HeaderValue,
    feet: &[PartFoot],
) -> Result<Option<Vec<Digests>>> {
    // Where the next part is wanted, too, its header is read with the footer before it.
    let joined = feet.windows(2).map(|two| match two {
        [foot, next] if foot.footer().end == next.header().start => {
            foot.footer().start..next.header().end
        }
        _ => two.first().map_or(0..0, PartFoot::footer),
    });
    let first = feet.first().map(PartFoot::header);
    let last = feet.last().map(PartFoot::footer);
    let wanted: Vec<Range<u64>> = first.into_iter().chain(joined).chain(last).collect();
    let pieces: Vec<Option<Bytes>> = stream::iter(wanted)
        .map(|bytes| Box::pin(piece(snapshot, read, etag, bytes)))
        .buffered(AT_A_TIME)
        .try_collect()
        .await?;
    let Some(mut pieces) = pieces.into_iter().collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let mut behind = pieces.split_off(pieces.len().min(1)).into_iter();
    let mut header = pieces.pop().unwrap_or_default();
    let mut digests = Vec::with_capacity(feet.len());
    for foot in feet {
        let mut footer = behind.next().unwrap_or_default();
        let next = footer.split_off(footer.len().min(FOOTER_BYTES));
        if header.is_empty() {
            let Some(apart) = piece(snapshot, read, etag, foot.header()).await? else {
                return Ok(None);
            };
            header = apart;
        }
        digests.push(foot.open(envelope.dek(), &header, &footer)?);
        header = next;
    }
    Ok(Some(digests))
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
