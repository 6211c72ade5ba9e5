//! Looks at an object's head before a range of it is read.

use bytes::Bytes;
use crypto::Checksum;
use crypto::Envelope;
use crypto::FOOTER_LEN;
use crypto::Opener;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use http::header;
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
use crate::seal;

/// The answer to a question for a footer, bytes: an error document at most.
const FOOTER_BYTES_MAX: usize = 64 << 10;
const UNFIT: Error = Error::Backend("no footer");

/// Draws the plan for `lookup`, from what is remembered of `target` or by asking the backend.
pub async fn look(snapshot: &Snapshot, target: &Target, lookup: &Lookup) -> Result<Plan> {
    if let (true, Some(known)) = (lookup.rememberable, snapshot.cache.get(target)) {
        return Ok(lookup.resume(&Looked::Sealed(known), None)?);
    }
    let answer = snapshot.backend.ask(&lookup.head, &Bytes::new(), 0).await?;
    let headers = &answer.headers;
    let looked = if answer.status.is_success() {
        read(snapshot, lookup, headers)?
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
    let footer = Outgoing {
        method: Method::GET,
        ..read.clone()
    };
    let footer = footer.of_version(etag.clone()).with_range(start..stored);
    let answer = snapshot
        .backend
        .ask(&footer, &Bytes::new(), FOOTER_BYTES_MAX)
        .await?;
    match answer.status {
        StatusCode::PARTIAL_CONTENT => {}
        StatusCode::PRECONDITION_FAILED => return Ok(Summed::LostRace),
        _ => return Err(UNFIT),
    }
    let mut opener =
        Opener::footer(envelope.dek(), envelope.suite(), size)?.with_foot(envelope.foot());
    opener.push(&answer.body, &mut |_| ())?;
    Ok(Summed::Known(opener.finish(&mut |_| ())?.sum))
}

fn read(snapshot: &Snapshot, lookup: &Lookup, headers: &HeaderMap) -> Result<Looked> {
    let etag = headers
        .get(header::ETAG)
        .and_then(|etag| etag.to_str().ok());
    let Some(etag) = etag.map(str::to_owned) else {
        return Ok(Looked::Otherwise);
    };
    Ok(match reply::find(headers)? {
        Found::Unsealed => Looked::Unsealed(etag),
        Found::Sealed(envelope) => {
            let envelope = seal::verify(*envelope, lookup.place(), &snapshot.keys)?;
            let stored = reply::content_length(headers)?;
            let size = reply::size(&envelope, stored, headers)?;
            Looked::Sealed(Known {
                etag,
                layout: envelope.layout(),
                size,
            })
        }
    })
}
