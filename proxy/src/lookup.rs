//! Looks at an object's head before a range of it is read, and at what stands at its end.

mod facts;
mod glance;
mod parts;

use std::sync::Arc;

use bytes::Bytes;
use crypto::Digests;
use crypto::Envelope;
use crypto::Layout;
use crypto::PartFoot;
use http::HeaderMap;
use http::header;
use pingora::http::ResponseHeader;
use s3::Target;

pub use self::facts::Facts;
pub use self::facts::Wanted;
pub use self::facts::facts;
pub use self::facts::md5_etag;
pub use self::facts::shown_etag;
pub use self::glance::End;
pub use self::glance::glance;
pub use self::parts::digests_of_parts;
pub use self::parts::list;
pub use self::parts::part_digests;
pub use self::parts::parts;
pub use self::parts::piece;
pub use self::parts::sum;
pub use self::parts::table;
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
use crate::seal::Ring;

const UNFIT: Error = Error::Backend("no footer");

/// Draws the plan for `lookup`, from what is remembered of `target` or by asking the backend.
/// `ring` opens it.
pub async fn look(
    snapshot: &Snapshot,
    target: &Target,
    lookup: &Lookup,
    ring: Ring<'_>,
) -> Result<Plan> {
    let known = snapshot.cache.get(target);
    let known = known.filter(|known| known.style == lookup.etag());
    if let (true, Some(known)) = (lookup.rememberable, known) {
        return Ok(lookup.resume(&Looked::Sealed(known), None)?);
    }
    let answer = glance(&snapshot.backend, &lookup.head).await?;
    let headers = &answer.headers;
    let looked = if answer.status.is_success() {
        read(snapshot, lookup, (headers, &answer.body), ring).await?
    } else {
        Looked::Otherwise
    };
    if let (Looked::Sealed(known), true) = (&looked, lookup.rememberable) {
        snapshot.cache.insert(target, known.clone());
    }
    Ok(lookup.resume(&looked, headers.get(header::LAST_MODIFIED))?)
}

/// The digests of one part of the object whose head is `answer`; nothing when it changed since.
pub async fn one_part(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    answer: &HeaderMap,
    foot: PartFoot,
) -> Result<Option<Digests>> {
    let etag = answer.get(header::ETAG).ok_or(UNFIT)?;
    part_digests(snapshot, read, envelope, etag, foot).await
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

async fn read(
    snapshot: &Snapshot,
    lookup: &Lookup,
    (headers, tail): (&HeaderMap, &[u8]),
    ring: Ring<'_>,
) -> Result<Looked> {
    let etag = headers.get(header::ETAG);
    let Some(etag) = etag.and_then(|etag| etag.to_str().ok()) else {
        return Ok(Looked::Otherwise);
    };
    let Found::Sealed(envelope) = reply::find(headers)? else {
        return Ok(Looked::Unsealed(etag.to_owned()));
    };
    let envelope = seal::verify(*envelope, lookup.place(), ring)?;
    let end = End::of(headers, tail)?;
    let mut table = None;
    if envelope.layout() == Layout::Parts {
        let Some(found) = self::table(snapshot, &lookup.head, &envelope, end).await? else {
            // Asked again for the whole, the backend says what there is now.
            return Ok(Looked::Otherwise);
        };
        table = Some(Arc::new(found));
    }
    let total = table.as_ref().map(|table| table.total());
    let shown = shown_etag(snapshot, &lookup.head, &envelope, end, lookup.etag()).await?;
    let Some(shown) = shown else {
        return Ok(Looked::Otherwise);
    };
    Ok(Looked::Sealed(Known {
        etag: etag.to_owned(),
        shown,
        style: lookup.etag(),
        layout: envelope.layout(),
        size: reply::size(&envelope, end.stored, headers, total)?,
        table,
    }))
}
