//! `GetObjectAttributes` of a sealed object: what is true of the client's bytes.

use bytes::Bytes;
use crypto::Envelope;
use crypto::Layout;
use crypto::PartFoot;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use policy::EtagStyle;
use policy::Permit;
use s3::ErrorCode;
use s3::xml::attributes::Asked;
use s3::xml::attributes::AskedParts;
use s3::xml::attributes::Attributes;
use s3::xml::attributes::Page;
use s3::xml::attributes::Parts;

use super::ANSWER_BYTES_MAX;
use crate::assemble::Snapshot;
use crate::authorize;
use crate::backend::Answer;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::lookup::End;
use crate::lookup::Wanted;
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
pub(super) async fn answer(
    exchange: &Exchange,
    permit: &Permit,
    plan: Plan,
    client: &HeaderMap,
) -> Result<Answer> {
    let backend = &exchange.snapshot.backend;
    let Reply::Object(reading) = &plan.reply else {
        return backend
            .ask(&plan.outgoing, &Bytes::new(), ANSWER_BYTES_MAX)
            .await;
    };
    let head = lookup::glance(backend, &plan.outgoing).await?;
    if !head.status.is_success() {
        return refusal(exchange, plan.outgoing).await;
    }
    let asked = (reading, &plan.outgoing, client);
    let document = describe(exchange, permit, asked, &head).await?;
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
    permit: &Permit,
    (reading, read, client): (&Reading, &Outgoing, &HeaderMap),
    head: &Answer,
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
    let mut sum = None;
    let (etag, size) = match reply::find(&head.headers)? {
        Found::Unsealed if reading.objects == Objects::Sealed => {
            return Err(reply::not_sealed().into());
        }
        Found::Unsealed if exchange.asked.brings_key() => {
            return Err(seal::no_customer_key().into());
        }
        Found::Unsealed => {
            let etag = text("etag").map(str::to_owned);
            (etag, reply::content_length(&head.headers)?)
        }
        Found::Sealed(envelope) => {
            let ring = exchange.asked.ring(&snapshot.keys);
            let envelope = seal::verify(*envelope, &reading.place, ring)?;
            authorize::may_open(&snapshot.rules, permit, &envelope)?;
            let wanted = Wanted {
                md5: asked.etag && reading.etag == EtagStyle::Md5,
                sum: asked.checksum,
                size: reply::hides_size(&envelope, &head.headers),
            };
            let end = End::of(&head.headers, &head.body)?;
            let facts = lookup::facts(snapshot, read, &envelope, end, wanted);
            let facts = facts.await?.ok_or_else(changed)?;
            if asked.parts && envelope.layout() == Layout::Parts {
                let parts = AskedParts::parse(client)?;
                let told = object_parts(snapshot, (read, &envelope, end), parts).await?;
                attributes.parts = Some(told.0);
                sum = told.1;
            } else if asked.checksum {
                sum = facts.checksum();
            }
            let plan = reply::object(reading, &envelope, head.status, &head.headers, facts.size)?;
            (
                facts.etag().filter(|_| wanted.md5).or(plan.etag),
                plan.content_length,
            )
        }
    };
    attributes.checksum = sum
        .as_ref()
        .filter(|_| asked.checksum)
        .and_then(|sum| Some((sum.algorithm, sum.value.as_str(), sum.kind?)));
    attributes.etag = etag
        .as_deref()
        .map(|etag| etag.trim_matches('"'))
        .filter(|_| asked.etag);
    attributes.size = asked.size.then_some(size);
    Ok(attributes.render())
}

/// The parts of an object and its checksum. As with S3, parts are told one by one only where the
/// object has a checksum.
async fn object_parts(
    snapshot: &Snapshot,
    (read, envelope, end): (&Outgoing, &Envelope, End<'_>),
    asked: AskedParts,
) -> Result<(Parts, Option<Shown>)> {
    let found = lookup::parts(snapshot, read, envelope, end).await?;
    let (table, list) = found.ok_or_else(changed)?;
    let count = table.parts().len();
    let Some(sum) = list.as_ref().and_then(lookup::sum) else {
        return Ok((Parts { count, page: None }, None));
    };
    let behind = table
        .feet()
        .skip_while(|foot| foot.part().number <= asked.marker);
    let mut feet: Vec<PartFoot> = behind.take(asked.max + 1).collect();
    let is_truncated = feet.len() > asked.max;
    feet.truncate(asked.max);
    let digests = lookup::digests_of_parts(snapshot, read, envelope, end.etag, &feet).await?;
    let digests = digests.ok_or_else(changed)?;
    let told = feet.iter().zip(&digests).map(|(foot, digests)| {
        let sum = digests.sum.as_ref().map(checksum::told);
        let sum = sum.map(|(checksum, value)| (checksum.algorithm, value.to_vec()));
        let part = foot.part();
        (part.number, part.plain_len.0, sum)
    });
    let parts = told.collect();
    let page = Page {
        asked,
        parts,
        is_truncated,
    };
    let page = Some(page);
    Ok((Parts { count, page }, Some(sum)))
}

/// The object was replaced while it was described.
fn changed() -> Error {
    s3::Error::new(ErrorCode::SlowDown).into()
}
