//! Response heads: what the backend says of ciphertext is dropped or replaced by what is true of
//! the client's own object.

use crypto::Checksum;
use crypto::Envelope;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use http::header;
use pingora::http::ResponseHeader;
use s3::Dialect;
use s3::SseHeader;
use s3::SseTold;

use crate::asked;
use crate::asked::Asked;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::plan::reply;
use crate::plan::reply::ReplyPlan;
use crate::proof;
use crate::tags::Renamed;

/// Replaces the backend's ids by the gateway's, so that a client's report finds our log.
pub fn own_ids(head: &mut ResponseHeader, id: &str) -> Result<()> {
    for name in ["x-amz-id-2", "x-obs-id-2", "x-obs-request-id", "server"] {
        head.remove_header(name);
    }
    insert(head, "x-amz-request-id", id)
}

/// The head of an opened object.
pub fn opened(
    head: &mut ResponseHeader,
    plan: &ReplyPlan,
    envelope: &Envelope,
    asked: &Asked,
) -> Result<()> {
    scrub(head);
    head.set_status(plan.status)
        .map_err(|_| Error::Internal("status"))?;
    insert(
        head,
        header::CONTENT_LENGTH.as_str(),
        &plan.content_length.to_string(),
    )?;
    if let Some(range) = &plan.content_range {
        insert(head, header::CONTENT_RANGE.as_str(), range)?;
    }
    if let Some(etag) = &plan.etag {
        insert(head, header::ETAG.as_str(), etag)?;
    }
    insert(head, header::ACCEPT_RANGES.as_str(), "bytes")?;
    if let Some(count) = plan.parts_count {
        insert(head, "x-amz-mp-parts-count", &count.to_string())?;
    }
    if let Some(checksum) = &plan.checksum {
        checksummed(head, checksum)?;
    }
    advertise(head, asked::told_of(envelope.advertised()), asked)
}

/// The head that answers a sealed upload; `told` is what was done, `proven` the checksum that the client sent along,
/// `shown` the `ETag` where it is not the backend's.
pub fn written(
    head: &mut ResponseHeader,
    (told, asked): (SseTold, &Asked),
    proven: Option<&Checksum>,
    shown: Option<String>,
) -> Result<()> {
    let etag = shown.or_else(|| etag(head).as_deref().map(reply::client_etag));
    scrub(head);
    if let Some(etag) = etag {
        insert(head, header::ETAG.as_str(), &etag)?;
    }
    insert(head, header::CONTENT_LENGTH.as_str(), "0")?;
    if let Some(checksum) = proven {
        checksummed(head, &checksum::shown(checksum, None))?;
    }
    advertise(head, told, asked)
}

/// A 304 or 412, which speaks of an `ETag` only.
pub fn unchanged(head: &mut ResponseHeader, renamed: Option<&Renamed>) -> Result<()> {
    let Some(etag) = etag(head) else {
        return Ok(());
    };
    let opaque = reply::client_etag(&etag);
    let renamed = renamed.filter(|renamed| renamed.opaque == opaque);
    let shown = renamed.map_or(&opaque, |renamed| &renamed.shown);
    insert(head, header::ETAG.as_str(), shown)
}

/// A body of our own, whose length is not known yet, replaces the backend's.
pub fn of_another_length(head: &mut ResponseHeader, version: Version) -> Result<()> {
    head.remove_header(&header::CONTENT_LENGTH);
    insert(head, header::CONTENT_TYPE.as_str(), "application/xml")?;
    if version < Version::HTTP_11 {
        return Ok(());
    }
    insert(head, header::TRANSFER_ENCODING.as_str(), "chunked")
}

/// `x-amz-checksum-*`.
fn checksummed(head: &mut ResponseHeader, checksum: &Shown) -> Result<()> {
    insert(head, checksum.algorithm.header_name(), &checksum.value)?;
    match checksum.kind {
        Some(kind) => insert(head, "x-amz-checksum-type", kind.name()),
        None => Ok(()),
    }
}

/// What the backend says of encryption that it did itself, in the client's dialect.
pub fn retold(head: &mut ResponseHeader, asked: &Asked) -> Result<()> {
    let told = proof::told(&head.headers);
    let Some(told) = told.filter(|_| asked.dialect != Dialect::S3) else {
        return Ok(());
    };
    for header in SseHeader::ALL {
        if let Some(name) = header.name(Dialect::S3) {
            head.remove_header(name);
        }
    }
    advertise(head, told, asked)
}

/// What was really done.
pub fn advertise(head: &mut ResponseHeader, told: SseTold, asked: &Asked) -> Result<()> {
    let mut headers = HeaderMap::new();
    asked.tell(told, &mut headers);
    for (name, value) in &headers {
        let inserted = head.insert_header(name.clone(), value.clone());
        inserted.map_err(|_| Error::Internal("response header"))?;
    }
    Ok(())
}

/// Removes everything that the backend says of the stored bytes.
fn scrub(head: &mut ResponseHeader) {
    let described: Vec<HeaderName> = head
        .headers
        .keys()
        .filter(|name| describes_ciphertext(name.as_str()))
        .cloned()
        .collect();
    for name in described {
        head.remove_header(&name);
    }
}

fn describes_ciphertext(name: &str) -> bool {
    const EXACT: &[&str] = &[
        "accept-ranges",
        "content-length",
        "content-md5",
        "content-range",
        "etag",
        "transfer-encoding",
        "x-amz-missing-meta",
        "x-amz-mp-parts-count",
    ];
    const PREFIXES: &[&str] = &[
        "x-amz-checksum-",
        "x-amz-meta-sealgate",
        "x-amz-server-side-encryption",
        "x-obs-checksum-",
        "x-obs-meta-sealgate",
        "x-obs-server-side-",
        "x-obs-sse-kms-key-project-id",
    ];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether `headers` carry the gateway's own metadata.
#[must_use]
pub fn is_sealed(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        name.as_str().starts_with("x-amz-meta-sealgate")
            || name.as_str().starts_with("x-obs-meta-sealgate")
    })
}

fn etag(head: &ResponseHeader) -> Option<String> {
    head.headers
        .get(header::ETAG)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

fn insert(head: &mut ResponseHeader, name: &str, value: &str) -> Result<()> {
    let unfit = |_| Error::Internal("response header");
    let name = HeaderName::try_from(name).map_err(|_| Error::Internal("header name"))?;
    let value = HeaderValue::try_from(value).map_err(|_| Error::Internal("header value"))?;
    head.insert_header(name, value).map_err(unfit)
}
