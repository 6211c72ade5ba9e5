//! `GetObjectAttributes` of a sealed object: what is true of the client's bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crypto::Layout;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use s3::ErrorCode;
use s3::xml::attributes::Asked;
use s3::xml::attributes::Attributes;

use super::ANSWER_BYTES_MAX;
use crate::backend::Answer;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::lookup::Summed;
use crate::plan::Objects;
use crate::plan::Outgoing;
use crate::plan::Plan;
use crate::plan::Reading;
use crate::plan::Reply;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::seal;

/// Headers of the object's own head that go with its attributes.
const KEPT: [&str; 3] = ["last-modified", "x-amz-delete-marker", "x-amz-version-id"];

/// Tells the attributes that `client`'s headers ask for.
pub(super) async fn answer(exchange: &Exchange, plan: Plan, client: &HeaderMap) -> Result<Answer> {
    let backend = &exchange.snapshot.backend;
    let Reply::Object(reading) = &plan.reply else {
        return backend
            .ask(&plan.outgoing, &Bytes::new(), ANSWER_BYTES_MAX)
            .await;
    };
    let head = backend.ask(&plan.outgoing, &Bytes::new(), 0).await?;
    if !head.status.is_success() {
        return refusal(exchange, plan.outgoing).await;
    }
    let document = describe(exchange, reading, &plan.outgoing, &head, client).await?;
    let kept = KEPT.iter().filter_map(|name| {
        Some((
            header::HeaderName::from_static(name),
            head.headers.get(*name)?,
        ))
    });
    let mut headers: HeaderMap = kept.map(|(name, value)| (name, value.clone())).collect();
    let xml = HeaderValue::from_static("application/xml");
    headers.insert(header::CONTENT_TYPE, xml);
    Ok(Answer {
        status: StatusCode::OK,
        headers,
        body: document.into(),
    })
}

/// A HEAD is refused without words: a GET has them.
async fn refusal(exchange: &Exchange, outgoing: Outgoing) -> Result<Answer> {
    let get = Outgoing {
        method: Method::GET,
        ..outgoing
    };
    let backend = &exchange.snapshot.backend;
    let answer = backend
        .ask(&get.with_range(0..1), &Bytes::new(), ANSWER_BYTES_MAX)
        .await?;
    if answer.status.is_success() {
        return Err(s3::Error::new(ErrorCode::SlowDown).into());
    }
    Ok(answer)
}

async fn describe(
    exchange: &Exchange,
    reading: &Reading,
    read: &Outgoing,
    head: &Answer,
    client: &HeaderMap,
) -> Result<String> {
    let asked = Asked::parse(client)?;
    let snapshot = &exchange.snapshot;
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let mut attributes = Attributes {
        storage_class: asked
            .storage_class
            .then(|| text("x-amz-storage-class").unwrap_or("STANDARD")),
        ..Attributes::default()
    };
    let (etag, size, sum) = match reply::find(&head.headers)? {
        Found::Unsealed if reading.objects == Objects::Sealed => {
            return Err(reply::not_sealed().into());
        }
        Found::Unsealed => {
            let etag = text("etag").map(str::to_owned);
            (etag, reply::content_length(&head.headers)?, None)
        }
        Found::Sealed(envelope) => {
            let envelope = seal::verify(*envelope, &reading.place, &snapshot.keys)?;
            let plan = reply::object(reading, &envelope, head.status, &head.headers)?;
            let sum = if asked.checksum && envelope.layout() == Layout::Whole {
                match lookup::checksum(snapshot, read, &envelope, &head.headers).await? {
                    Summed::Known(sum) => sum,
                    Summed::LostRace => return Err(s3::Error::new(ErrorCode::SlowDown).into()),
                }
            } else {
                None
            };
            (plan.etag, plan.content_length, sum)
        }
    };
    let value = sum.as_ref().map(|sum| STANDARD.encode(&sum.value));
    attributes.checksum = sum
        .as_ref()
        .zip(value.as_deref())
        .map(|(sum, value)| (sum.algorithm.name(), value, sum.kind.name()));
    attributes.etag = etag
        .as_deref()
        .map(|etag| etag.trim_matches('"'))
        .filter(|_| asked.etag);
    attributes.size = asked.size.then_some(size);
    Ok(attributes.render())
}
