//! Looks at an object's head before a range of it is read.

use bytes::Bytes;
use http::HeaderMap;
use http::header;
use s3::Target;

use crate::assemble::Snapshot;
use crate::error::Result;
use crate::plan::Known;
use crate::plan::Looked;
use crate::plan::Lookup;
use crate::plan::Plan;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::seal;

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
