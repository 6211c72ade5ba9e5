//! The second sitting: what the client is answered, now that the backend's head is known.

use std::ops::Range;

use crypto::Envelope;
use crypto::Layout;
use crypto::PartFoot;
use crypto::PartSpan;
use crypto::PlainLen;
use crypto::SealedLen;
use crypto::Span;
use crypto::UnverifiedEnvelope;
use http::HeaderMap;
use http::StatusCode;
use http::header;
use policy::EtagStyle;
use policy::Permit;
use s3::ErrorCode;
use s3::RangeHeader;

use super::Objects;
use super::Place;
use super::conditions::is_parts_etag;
use super::conditions::swap_etag;
use super::headers::ENVELOPE;
use super::headers::ENVELOPE_MAC;
use crate::checksum::Shown;
use crate::error::Error;

/// How an object's answer is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the seal is bound to.
    pub place: Place,
    /// What kind of object it may be.
    pub objects: Objects,
    /// HEAD: no body will come.
    pub head: bool,
    /// The request carried our own `If-Match`: a 412 is a lost race, not an answer.
    pub guarded: bool,
    /// The stored bytes that were asked for.
    pub span: Option<SpanOrder>,
    /// A HEAD's range, answered by arithmetic.
    pub head_range: Option<RangeHeader>,
    /// What clients see as `ETag`.
    pub etag: EtagStyle,
    /// The very `ETag` that they see, where it has been looked up; quotes included.
    pub shown: Option<String>,
    /// The client asks for the checksum of the whole.
    pub tells_checksum: bool,
    /// The client asks for one part.
    pub part: Option<OnePart>,
}

/// One part of an object that came in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnePart {
    /// Of how many.
    pub count: u32,
    /// Which, and where its own digests stand.
    pub foot: PartFoot,
}

impl OnePart {
    /// Whether it has no bytes: no range tells it.
    pub(super) fn is_empty(&self) -> bool {
        self.foot.part().plain_len.0 == 0
    }
}

/// A piece of a sealed object, and the plaintext bytes of the whole of it as they were looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanOrder {
    /// Of a whole object: chunks and trims.
    Whole(Span, PlainLen),
    /// Of a parts object: the same over parts.
    Parts(PartSpan, PlainLen),
}

impl SpanOrder {
    pub(super) fn whole(size: PlainLen) -> impl Fn(Span) -> Self {
        move |span| Self::Whole(span, size)
    }

    pub(super) fn parts(size: PlainLen) -> impl Fn(PartSpan) -> Self {
        move |span| Self::Parts(span, size)
    }

    /// Plaintext bytes of the whole object.
    #[must_use]
    pub fn size(&self) -> PlainLen {
        match self {
            Self::Whole(_, size) | Self::Parts(_, size) => *size,
        }
    }

    /// The stored bytes that are asked for.
    #[must_use]
    pub fn sealed(&self) -> Range<u64> {
        match self {
            Self::Whole(span, _) => span.sealed(),
            Self::Parts(span, _) => span.sealed(),
        }
    }

    /// The plaintext bytes that come out.
    #[must_use]
    pub fn plain(&self) -> Range<u64> {
        match self {
            Self::Whole(span, _) => span.plain(),
            Self::Parts(span, _) => span.plain(),
        }
    }

    fn layout(&self) -> Layout {
        match self {
            Self::Whole(..) => Layout::Whole,
            Self::Parts(..) => Layout::Parts,
        }
    }
}

impl Reading {
    pub(super) fn new(place: Place, permit: &Permit, head: bool) -> Self {
        Self {
            place,
            objects: Objects::of(permit),
            etag: permit.etag(),
            shown: None,
            head,
            guarded: false,
            span: None,
            head_range: None,
            tells_checksum: false,
            part: None,
        }
    }
}

/// What the backend's head says about the object.
pub enum Found {
    /// An envelope, believed only after [`UnverifiedEnvelope::verify`].
    Sealed(Box<UnverifiedEnvelope>),
    /// No envelope.
    Unsealed,
}

/// Reads the envelope's two entries from a backend's head; one without the other, or one twice,
/// is malformed and never "unsealed" (FORMAT.md §3).
pub fn find(headers: &HeaderMap) -> Result<Found, Error> {
    let json = single(headers, ENVELOPE)?;
    let mac = single(headers, ENVELOPE_MAC)?;
    match (json, mac) {
        (None, None) => Ok(Found::Unsealed),
        (Some(json), Some(mac)) => Ok(Found::Sealed(Box::new(UnverifiedEnvelope::parse(
            json, mac,
        )?))),
        _ => Err(crypto::Error::EnvelopeMalformed("one entry without the other").into()),
    }
}

/// What is done with the answer's head and body.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyPlan {
    /// The client's status.
    pub status: StatusCode,
    /// Bytes the client gets (or would get, for a HEAD).
    pub content_length: u64,
    /// `Content-Range`, for 206.
    pub content_range: Option<String>,
    /// The client's `ETag`, quotes included.
    pub etag: Option<String>,
    /// The checksum of the client's bytes, where it was asked for and is known.
    pub checksum: Option<Shown>,
    /// Of how many parts this is one.
    pub parts_count: Option<u32>,
    /// What becomes of the body.
    pub body: ReplyBody,
}

/// What becomes of the backend's body.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyBody {
    /// None comes.
    Empty,
    /// A whole object of this many stored bytes.
    Whole(u64),
    /// A parts object of this many stored bytes.
    Parts(u64),
    /// A piece of an object.
    Span(SpanOrder),
}

/// The answer to a read of a sealed object. `total`: the plaintext bytes of all its parts, where
/// its list was looked at.
pub fn object(
    reading: &Reading,
    envelope: &Envelope,
    status: StatusCode,
    headers: &HeaderMap,
    total: Option<PlainLen>,
) -> Result<ReplyPlan, Error> {
    let stored = content_length(headers)?;
    let backend = headers.get(header::ETAG);
    let backend = backend.and_then(|etag| etag.to_str().ok());
    let etag = reading.shown.clone().or_else(|| backend.map(client_etag));
    let reply = |status, content_length, content_range, body| ReplyPlan {
        status,
        content_length,
        content_range,
        etag: etag.clone(),
        checksum: None,
        parts_count: reading.part.map(|part| part.count),
        body,
    };
    if let Some(order) = &reading.span {
        fits_span(order, envelope, status, headers, stored)?;
        let plain = order.plain();
        let range = content_range(&plain, order.size());
        let body = ReplyBody::Span(order.clone());
        return Ok(reply(
            StatusCode::PARTIAL_CONTENT,
            len(&plain),
            Some(range),
            body,
        ));
    }
    let size = size(envelope, stored, headers, total)?;
    if status != StatusCode::OK {
        return Err(Error::Backend("status of a whole read"));
    }
    if let Some(range) = &reading.head_range {
        let plain = range.resolve(size.0).map_err(|_| unsatisfiable(size))?;
        let shown = content_range(&plain, size);
        return Ok(reply(
            StatusCode::PARTIAL_CONTENT,
            len(&plain),
            Some(shown),
            ReplyBody::Empty,
        ));
    }
    if reading.part.is_some_and(|part| part.is_empty()) {
        return Ok(reply(
            StatusCode::PARTIAL_CONTENT,
            0,
            None,
            ReplyBody::Empty,
        ));
    }
    let body = match (reading.head, envelope.layout()) {
        (true, _) => ReplyBody::Empty,
        (false, Layout::Whole) => ReplyBody::Whole(stored),
        (false, Layout::Parts) => ReplyBody::Parts(stored),
    };
    Ok(reply(StatusCode::OK, size.0, None, body))
}

/// Plaintext bytes of a sealed object. For a whole one the envelope says it, and what is stored
/// must agree; for parts it follows from the stored bytes and the `ETag` (FORMAT.md §5), and where
/// the backend's `ETag` does not tell their number, it is the `total` of the list.
pub fn size(
    envelope: &Envelope,
    stored: u64,
    headers: &HeaderMap,
    total: Option<PlainLen>,
) -> Result<PlainLen, Error> {
    let stored = SealedLen(stored);
    let size = match envelope.layout() {
        Layout::Whole => {
            let size = envelope.size();
            size.filter(|size| crypto::whole_sealed_len(*size) == Some(stored))
        }
        Layout::Parts => segments(headers)
            .map_or(total.or(envelope.size()), |segments| {
                crypto::parts_plain_len(stored, segments)
            })
            .filter(|size| envelope.size().is_none_or(|known| known == *size))
            .filter(|size| total.is_none_or(|total| total == *size)),
    };
    size.ok_or_else(|| crypto::Error::StoredSizeImpossible(stored.0).into())
}

/// The `ETag` that clients see of a sealed object; quotes stay as they are.
#[must_use]
pub fn client_etag(backend: &str) -> String {
    let bare = backend.trim_matches('"');
    format!("\"{}\"", swap_etag(bare))
}

/// 416 in plaintext coordinates.
#[must_use]
pub fn unsatisfiable(size: PlainLen) -> s3::Error {
    s3::Error::new(ErrorCode::InvalidRange).with_detail("ActualObjectSize", size.0.to_string())
}

/// An object that should be sealed is not.
#[must_use]
pub fn not_sealed() -> s3::Error {
    s3::Error::new(ErrorCode::AccessDenied).with_message("Access Denied: object is not sealed.")
}

/// The stored bytes that a head announces.
pub fn content_length(headers: &HeaderMap) -> Result<u64, Error> {
    single(headers, header::CONTENT_LENGTH.as_str())?
        .and_then(|length| length.parse().ok())
        .ok_or(Error::Backend("answer without Content-Length"))
}

fn fits_span(
    order: &SpanOrder,
    envelope: &Envelope,
    status: StatusCode,
    headers: &HeaderMap,
    stored: u64,
) -> Result<(), Error> {
    let sealed = order.sealed();
    let announced = single(headers, header::CONTENT_RANGE.as_str())?.unwrap_or_default();
    let place = format!("bytes {}-{}/", sealed.start, sealed.end - 1);
    let total = announced.strip_prefix(&place);
    let total = total.and_then(|total| total.parse().ok()).map(SealedLen);
    let possible = match order.layout() {
        Layout::Whole => total == crypto::whole_sealed_len(order.size()),
        Layout::Parts => total.is_some_and(|total| sealed.end <= total.0),
    };
    let fits =
        status == StatusCode::PARTIAL_CONTENT && possible && stored == sealed.end - sealed.start;
    if !fits {
        return Err(Error::Backend("range other than the one asked for"));
    }
    let same_size = match envelope.layout() {
        Layout::Whole => envelope.size() == Some(order.size()),
        Layout::Parts => envelope.size().is_none_or(|size| size == order.size()),
    };
    if envelope.layout() != order.layout() || !same_size {
        return Err(Error::Backend("another object than the one looked at"));
    }
    Ok(())
}

/// Whether the size of an object in parts must be looked up.
#[must_use]
pub fn hides_size(envelope: &Envelope, headers: &HeaderMap) -> bool {
    let counted = envelope.size().is_some() || segments(headers).is_some();
    envelope.layout() == Layout::Parts && !counted
}

fn segments(headers: &HeaderMap) -> Option<u32> {
    is_parts_etag(headers.get(header::ETAG)?.to_str().ok()?.trim_matches('"'))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let unfit = Error::from(crypto::Error::EnvelopeMalformed(
        "an entry twice, or not ASCII",
    ));
    match (first.to_str(), values.next()) {
        (Ok(first), None) => Ok(Some(first)),
        _ => Err(unfit),
    }
}

fn content_range(plain: &Range<u64>, size: PlainLen) -> String {
    format!("bytes {}-{}/{}", plain.start, plain.end - 1, size.0)
}

const fn len(range: &Range<u64>) -> u64 {
    range.end - range.start
}
