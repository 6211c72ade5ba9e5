//! `CopyObject`. Where the same key and suite seal source and copy, the backend copies the body and
//! only the envelope is made anew; elsewhere the body is opened and sealed on its way through.

mod parts;
mod reader;
mod source;
mod stream;

use bytes::Bytes;
use crypto::Layout;
use crypto::PlainLen;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use policy::EtagStyle;
use s3::ErrorCode;
use s3::SseTold;
use s3::Target;
use s3::xml;
use s3::xml::copy::Copied;

pub(super) use self::reader::Reader;
use self::reader::changed;
pub(super) use self::source::Source;
pub(super) use self::source::look;
use super::ANSWER_BYTES_MAX;
use super::with_body;
use super::written;
use crate::asked::Asked;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::lookup::Wanted;
use crate::plan;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::copy::CopyOrder;
use crate::plan::copy::Directive;
use crate::plan::multipart::PartsOrder;
use crate::plan::swap_etag;
use crate::proof;
use crate::receive;
use crate::receive::Answered;
use crate::seal;
use crate::seal::Ring;
use crate::tags;

/// The largest object that one copy takes, bytes.
const COPY_BYTES_MAX: u64 = 5 << 30;

/// Carries out a copy.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    receive::without_body(client)?;
    let snapshot = &exchange.snapshot;
    let mut order = plan::copy::order(&answered.call, client, &answered.permit)?;
    let target = &answered.call.target;
    let (Some(bucket), Some(object)) = (target.bucket(), target.object()) else {
        return Err(Error::Internal("copy without an object"));
    };
    let onto_itself = *bucket == order.source.bucket && *object == order.source.object;
    if onto_itself && !order.changes {
        return Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message(
                "This copy request is illegal because it is trying to copy an object to itself \
                 without changing the object's metadata, storage class, website redirect location \
                 or encryption attributes.",
            )
            .into());
    }
    let found = look(exchange, answered, &order.source, client).await?;
    let source = match found {
        Ok(source) => source,
        Err(refused) => return Ok(refused),
    };
    if source.plain_len > COPY_BYTES_MAX {
        return Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message(
                "The specified copy source is larger than the maximum allowable size for a copy \
                 source: 5368709120",
            )
            .into());
    }
    describe(&mut order, &source);
    snapshot.cache.remove(target);
    let logical = answered.permit.logical_bucket().unwrap_or(bucket.as_str());
    let place = Place {
        bucket: logical.to_owned(),
        object: object.as_str().to_owned(),
    };
    let seals = plan::copy::seals(&answered.permit, client)?;
    let asked = &*exchange.asked;
    let demand = order.demand.clone();
    let known = known_sum(snapshot, &source, order.checksum).await?;
    let has = known.as_ref().map(|sum| sum.algorithm);
    let keeps = order.checksum.is_none() || order.checksum == has;
    let copied = match (&source.envelope, &seals) {
        (None, None) => in_backend(exchange, order, &source, None).await?,
        (Some(envelope), Some(seals)) if keeps && is_same(envelope, seals) => {
            let size = PlainLen(source.plain_len);
            let text = seal::moved(
                envelope,
                size,
                &place,
                &seals.cipher,
                asked.ring(&snapshot.keys),
            )?;
            match envelope.layout() {
                Layout::Whole => in_backend(exchange, order, &source, Some(&text)).await?,
                Layout::Parts => {
                    let copying = parts::copy(exchange, order, &source, envelope, &text);
                    Box::pin(copying).await?
                }
            }
        }
        _ => {
            // What a list of parts holds is not of a copy in one piece.
            let layout = source.envelope.as_ref().map(|envelope| envelope.layout());
            if keeps && layout == Some(Layout::Whole) {
                order.checksum = None;
            }
            stream::copy(exchange, order, &source, (&place, seals.as_ref())).await?
        }
    };
    let mut copied = match copied {
        Ok(copied) => copied,
        Err(refused) => return Ok(refused),
    };
    if !copied.in_parts {
        proof::believe(snapshot, target, demand.as_ref(), &copied.answer.headers).await?;
    }
    if seals.is_some() && copied.sum.is_none() {
        copied.sum = known;
    }
    let at = (&place, asked.ring(&snapshot.keys));
    let etag = shown_etag(snapshot, target, at, &copied, seals.as_ref()).await?;
    let sse = (seals.map(|seals| seals.cipher.told()), asked);
    told(&copied, &source, sse, &etag)
}

/// The source's checksum, where it is at hand or is `asked` for.
async fn known_sum(
    snapshot: &Snapshot,
    source: &Source,
    asked: Option<s3::ChecksumAlgorithm>,
) -> Result<Option<Shown>> {
    let Some(envelope) = &source.envelope else {
        return Ok(None);
    };
    if asked.is_none() && envelope.layout() == Layout::Parts {
        return Ok(None);
    }
    let wanted = Wanted {
        sum: true,
        ..Wanted::default()
    };
    let facts = lookup::facts(snapshot, &source.head, envelope, source.end(), wanted);
    Ok(facts.await?.ok_or_else(changed)?.checksum())
}

/// What clients see as the copy's `ETag`, without quotes.
async fn shown_etag(
    snapshot: &Snapshot,
    target: &Target,
    at: (&Place, Ring<'_>),
    copied: &Stored,
    seals: Option<&PartsOrder>,
) -> Result<String> {
    let Some(seals) = seals else {
        return Ok(copied.etag.clone());
    };
    let opaque = swap_etag(&copied.etag);
    if seals.etag == EtagStyle::Opaque {
        return Ok(opaque);
    }
    let head = Outgoing::new(Method::HEAD, target);
    let renamed = tags::look(snapshot, &head, at).await?;
    let bare = |etag: &str| etag.trim_matches('"').to_owned();
    // Another write may have come since.
    let own = renamed.filter(|renamed| bare(&renamed.opaque) == opaque);
    Ok(own.map_or(opaque, |renamed| bare(&renamed.shown)))
}

/// A copy that stands.
struct Stored {
    answer: Answer,
    /// The backend's, without quotes.
    etag: String,
    last_modified: String,
    /// The checksum that was made for it.
    sum: Option<Shown>,
    /// Whether its answer is that to the end of an upload, which does not tell how it is encrypted.
    in_parts: bool,
}

/// Whether the body can stay as it is: under a client's own key it never does, since a key of an
/// object is wrapped by bucket keys or by one customer's, for life (FORMAT.md §2.1).
fn is_same(envelope: &crypto::Envelope, seals: &PartsOrder) -> bool {
    let key = seals.cipher.encryption.key.as_ref();
    let same_key = key.is_some_and(|key| envelope.key_name() == Some(key.as_str()));
    envelope.suite() == seals.cipher.suite() && same_key
}

/// The head of the copy says what describes it: to the backend it is always new metadata.
fn describe(order: &mut CopyOrder, source: &Source) {
    if order.metadata == Directive::Copy {
        for (name, value) in plan::copy::described(&source.headers) {
            order.outgoing.headers.append(name.clone(), value.clone());
        }
    }
}

/// The backend copies the body.
async fn in_backend(
    exchange: &Exchange,
    order: CopyOrder,
    source: &Source,
    envelope: Option<&crypto::EnvelopeText>,
) -> Result<Result<Stored, Answer>> {
    let mut outgoing = order.outgoing;
    let from = HeaderValue::try_from(order.source.render());
    let from = from.map_err(|_| Error::Internal("copy source"))?;
    let headers = &mut outgoing.headers;
    headers.insert("x-amz-copy-source", from);
    headers.insert("x-amz-copy-source-if-match", source.etag.clone());
    headers.insert(
        "x-amz-metadata-directive",
        HeaderValue::from_static("REPLACE"),
    );
    if order.tags == Directive::Replace {
        headers.insert(
            "x-amz-tagging-directive",
            HeaderValue::from_static("REPLACE"),
        );
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    if let Some(envelope) = envelope {
        seal::enclose(&mut outgoing, envelope)?;
    }
    let backend = &exchange.snapshot.backend;
    let answer = backend
        .ask(&outgoing, &Bytes::new(), ANSWER_BYTES_MAX)
        .await?;
    match xml::copy::parse(&answer.body) {
        Some(Copied::Object {
            etag,
            last_modified,
        }) if answer.status.is_success() => Ok(Ok(Stored {
            answer,
            etag,
            last_modified,
            sum: None,
            in_parts: false,
        })),
        Some(Copied::Refused(code)) if answer.status.is_success() => {
            let status = code.map_or(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::status);
            Ok(Err(Answer { status, ..answer }))
        }
        _ if answer.status.is_success() => Err(Error::Backend("answer to a copy")),
        _ => Ok(Err(answer)),
    }
}

/// What the client is told.
fn told(
    copied: &Stored,
    source: &Source,
    sse: (Option<SseTold>, &Asked),
    etag: &str,
) -> Result<Answer> {
    let mut headers = written(&copied.answer, sse, None)?;
    headers.remove(header::ETAG);
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    if let Some(version) = source.headers.get("x-amz-version-id") {
        headers.insert("x-amz-copy-source-version-id", version.clone());
    }
    let answer = Answer {
        status: StatusCode::OK,
        headers,
        body: Bytes::new(),
    };
    let sum = copied.sum.as_ref();
    let sum = sum.map(|sum| (sum.algorithm, sum.value.as_str(), sum.kind));
    Ok(with_body(
        answer,
        xml::copy::render(etag, &copied.last_modified, sum),
    ))
}
