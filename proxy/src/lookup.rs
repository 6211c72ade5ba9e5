//! Looks at an object's head before a range of it is read, and at what stands at its end.

mod parts;

use std::sync::Arc;

use bytes::Bytes;
use crypto::Envelope;
use crypto::FOOTER_LEN;
use crypto::Layout;
use crypto::Opener;
use crypto::PartFoot;
use crypto::Tail;
use http::HeaderMap;
use http::header;
use pingora::http::ResponseHeader;
use s3::Target;

pub use self::parts::list;
pub use self::parts::part_digests;
pub use self::parts::parts;
pub use self::parts::piece;
pub use self::parts::sum;
pub use self::parts::table;
use crate::assemble::Snapshot;
use crate::checksum;
use crate::checksum::Shown;
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
    Known(Option<Shown>),
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
        return Ok(Summed::Known(Some(checksum::shown(&sum, None))));
    }
    let stored = reply::content_length(answer)?;
    let etag = answer.get(header::ETAG).ok_or(UNFIT)?;
    if envelope.layout() == Layout::Parts {
        return Ok(
            match list(snapshot, read, envelope, (etag, stored)).await? {
                None => Summed::LostRace,
                Some(Tail::List(list)) => Summed::Known(sum(&list)),
                Some(_) => Summed::Known(None),
            },
        );
    }
    let (Some(size), true) = (envelope.size(), envelope.foot().sum) else {
        return Ok(Summed::Known(None));
    };
    let start = stored.checked_sub(FOOTER_LEN).ok_or(UNFIT)?;
    let Some(footer) = piece(snapshot, read, etag, start..stored).await? else {
        return Ok(Summed::LostRace);
    };
    let mut opener =
        Opener::footer(envelope.dek(), envelope.suite(), size)?.with_foot(envelope.foot());
    opener.push(&footer, &mut |_| ())?;
    let sum = opener.finish(&mut |_| ())?.sum;
    Ok(Summed::Known(sum.map(|sum| checksum::shown(&sum, None))))
}

/// The checksum of one part of the object whose head is `answer`.
pub async fn part_checksum(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    answer: &HeaderMap,
    foot: PartFoot,
) -> Result<Summed> {
    let etag = answer.get(header::ETAG).ok_or(UNFIT)?;
    let Some(digests) = part_digests(snapshot, read, envelope, etag, foot).await? else {
        return Ok(Summed::LostRace);
    };
    let shown = digests.sum.map(|sum| Shown {
        kind: None,
        ..checksum::shown(&sum, None)
    });
    Ok(Summed::Known(shown))
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
