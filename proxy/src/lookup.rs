//! Looks at an object's head before a range of it is read.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crypto::Checksum;
use crypto::Envelope;
use crypto::FOOTER_LEN;
use crypto::Layout;
use crypto::Opener;
use crypto::PartList;
use crypto::PartTable;
use crypto::SealedLen;
use crypto::Tail;
use crypto::Walk;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use pingora::http::ResponseHeader;
use s3::Target;

use crate::assemble::Snapshot;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Known;
use crate::plan::Looked;
use crate::plan::Lookup;
use crate::plan::Outgoing;
use crate::plan::Plan;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::plan::reply::ReplyBody;
use crate::plan::reply::ReplyPlan;
use crate::plan::reply::SpanOrder;
use crate::seal;

/// The answer to a question for a piece, bytes: an error document at most.
const PIECE_BYTES_MAX: usize = 64 << 10;
/// The end of an object in which most lists of parts lie, bytes (FORMAT.md §4.5).
const TAIL: u64 = 1 << 10;
const UNFIT: Error = Error::Backend("no footer");

/// Draws the plan for `lookup`, from what is remembered of `target` or by asking the backend.
pub async fn look(snapshot: &Snapshot, target: &Target, lookup: &Lookup) -> Result<Plan> {
    if let (true, Some(known)) = (lookup.rememberable, snapshot.cache.get(target)) {
        return Ok(lookup.resume(&Looked::Sealed(known), None)?);
    }
    let answer = snapshot.backend.ask(&lookup.head, &Bytes::new(), 0).await?;
    let headers = &answer.headers;
    let looked = if answer.status.is_success() {
        read(snapshot, lookup, headers).await?
    } else {
        Looked::Otherwise
    };
    if let (Looked::Sealed(known), true) = (&looked, lookup.rememberable) {
        snapshot.cache.insert(target, known.clone());
    }
    Ok(lookup.resume(&looked, headers.get(header::LAST_MODIFIED))?)
}

/// What a look for a checksum found.
pub enum Summed {
    /// The object's checksum, or that it has none.
    Known(Option<Checksum>),
    /// The object changed since its head arrived.
    LostRace,
}

/// The checksum of the sealed object whose head is `answer`, which `read` was answered with: from
/// its envelope, or by a request for its footer.
pub async fn checksum(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    answer: &HeaderMap,
) -> Result<Summed> {
    if let Some(sum) = envelope.digests().sum {
        return Ok(Summed::Known(Some(sum)));
    }
    let (Some(size), true) = (envelope.size(), envelope.foot().sum) else {
        return Ok(Summed::Known(None));
    };
    let stored = reply::content_length(answer)?;
    let start = stored.checked_sub(FOOTER_LEN).ok_or(UNFIT)?;
    let etag = answer.get(header::ETAG).ok_or(UNFIT)?;
    let Some(footer) = piece(snapshot, read, etag, start..stored).await? else {
        return Ok(Summed::LostRace);
    };
    let mut opener =
        Opener::footer(envelope.dek(), envelope.suite(), size)?.with_foot(envelope.foot());
    opener.push(&footer, &mut |_| ())?;
    Ok(Summed::Known(opener.finish(&mut |_| ())?.sum))
}

/// The header of the first part of a piece, where the piece does not begin with it; nothing when
/// the object changed since the head `answer` arrived, which `read` was answered with.
pub async fn first_header(
    snapshot: &Snapshot,
    read: &Outgoing,
    reply: &ReplyPlan,
    answer: &ResponseHeader,
) -> Result<Option<Bytes>> {
    let ReplyBody::Span(SpanOrder::Parts(span, _)) = &reply.body else {
        return Ok(Some(Bytes::new()));
    };
    let Some(head) = span.head() else {
        return Ok(Some(Bytes::new()));
    };
    let etag = answer.headers.get(header::ETAG).ok_or(UNFIT)?;
    piece(snapshot, read, etag, head).await
}

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

/// Where the parts of the object of `read` lie: from the list at its end, or from a walk where there
/// is none. Nothing when the object changed meanwhile.
pub async fn table(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    (etag, stored): (&HeaderValue, u64),
) -> Result<Option<PartTable>> {
    let (dek, suite) = (envelope.dek(), envelope.suite());
    let closing = dek.closing_key(suite);
    let mut wanted = TAIL;
    let list = loop {
        let start = stored.saturating_sub(wanted);
        let tail = piece(snapshot, read, etag, start..stored).await?;
        let Some(tail) = tail else {
            return Ok(None);
        };
        match PartList::from_tail(&tail, SealedLen(stored), &closing, suite)? {
            Tail::List(list) => break Some(list),
            Tail::Longer(more) if more > wanted => wanted = more,
            Tail::Longer(_) | Tail::Absent => break None,
        }
    };
    if let Some(table) = list.as_ref().and_then(PartList::table) {
        return Ok(Some(table));
    }
    let mut walk = Walk::new(dek, suite, SealedLen(stored), list);
    while let Some(bytes) = walk.wants() {
        match piece(snapshot, read, etag, bytes).await? {
            Some(bytes) => walk.step(&bytes)?,
            None => return Ok(None),
        }
    }
    Ok(Some(walk.finish()?))
}

async fn read(snapshot: &Snapshot, lookup: &Lookup, headers: &HeaderMap) -> Result<Looked> {
    let quoted = headers.get(header::ETAG);
    let Some((quoted, etag)) = quoted.and_then(|etag| Some((etag, etag.to_str().ok()?))) else {
        return Ok(Looked::Otherwise);
    };
    let Found::Sealed(envelope) = reply::find(headers)? else {
        return Ok(Looked::Unsealed(etag.to_owned()));
    };
    let envelope = seal::verify(*envelope, lookup.place(), &snapshot.keys)?;
    let stored = reply::content_length(headers)?;
    let mut known = Known {
        etag: etag.to_owned(),
        layout: envelope.layout(),
        size: reply::size(&envelope, stored, headers)?,
        table: None,
    };
    if known.layout == Layout::Parts {
        let table = table(snapshot, &lookup.head, &envelope, (quoted, stored)).await?;
        let Some(table) = table else {
            // Asked again for the whole, the backend says what there is now.
            return Ok(Looked::Otherwise);
        };
        if table.total() != known.size {
            return Err(crypto::Error::ListDisagrees.into());
        }
        known.table = Some(Arc::new(table));
    }
    Ok(Looked::Sealed(known))
}
