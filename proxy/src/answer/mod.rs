//! Calls that are answered here, from questions of our own to the backend: their answer is
//! rewritten as a whole, or their request depends on a body that must be proven first.

mod attributes;
mod copy;
mod delete;
mod encryption;
pub mod form;
mod inlet;
pub mod listing;
mod multipart;
mod patience;
mod policy;
pub mod preflight;
mod uploads;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use bytes::BytesMut;
use config::Limits;
use crypto::Checksum;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use md5::Digest;
use md5::Md5;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use s3::Body;
use s3::ErrorCode;
use s3::Operation;
use s3::SseTold;

use crate::answer::inlet::Inlet;
use crate::asked::Asked;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan;
use crate::plan::Draft;
use crate::plan::Outgoing;
use crate::plan::Plan;
use crate::receive;
use crate::receive::Answered;
use crate::respond;
use crate::transform::head;
use crate::transform::refusal::Refusal;

/// The largest answer of the backend: a page of 1 000 keys of 1 024 bytes, each percent-encoded
/// threefold, stays below it.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// 10 000 parts with their checksums, as the most talkative clients write them.
const COMPLETE_BYTES_MAX: u64 = 4 << 20;

/// Carries out `answered` and writes its answer.
pub async fn answer(
    session: &mut Session,
    exchange: &mut Exchange,
    answered: Box<Answered>,
) -> Result<()> {
    let client = session.req_header().headers.clone();
    if multipart::streams(answered.call.operation) {
        let answer = Box::pin(multipart::upload(session, exchange, &answered)).await?;
        return write(session, exchange, answer).await;
    }
    let body = body(session, &answered, &client, &exchange.snapshot.limits).await?;
    if takes_long(answered.call.operation) {
        let work = Box::pin(long(exchange, &answered, &client, body));
        let waited = patience::wait(session, exchange, work).await;
        return match waited.rest(session, exchange).await? {
            Some(answer) => write(session, exchange, answer).await,
            None => Ok(()),
        };
    }
    if multipart::is_multipart(answered.call.operation) {
        let answer = multipart::answer(exchange, &answered, &client).await?;
        return write(session, exchange, answer).await;
    }
    if encryption::is_ours(&answered) {
        let answer = encryption::answer(exchange, &answered, &client, &body).await?;
        return write(session, exchange, answer).await;
    }
    let new_bucket = encryption::of_new_bucket(exchange, &answered, &client)?;
    let plan = plan(&answered, &client)?;
    if answered.call.operation == Operation::GetObjectAttributes {
        let answer = attributes::answer(exchange, &answered.permit, plan, &client).await?;
        return write(session, exchange, answer).await;
    }
    let judged = policy::answer(exchange, &answered, &plan.outgoing, &body).await?;
    if let Some(answer) = judged {
        return write(session, exchange, answer).await;
    }
    let answer = match answered.call.operation {
        Operation::DeleteObjects => {
            delete::answer(exchange, &answered, plan.outgoing, &body).await?
        }
        _ => relay(exchange, plan.outgoing, &body).await?,
    };
    let answer = match answered.call.operation {
        _ if !answer.status.is_success() => answer,
        Operation::CreateBucket => match new_bucket {
            Some(to) => encryption::set_new_bucket(exchange, &answered, to, answer).await?,
            None => answer,
        },
        Operation::ListBuckets => listing::buckets(exchange, &answered, answer)?,
        Operation::ListObjects | Operation::ListObjectsV2 | Operation::ListObjectVersions => {
            Box::pin(listing::objects(exchange, &answered, answer)).await?
        }
        Operation::ListMultipartUploads => {
            Box::pin(uploads::uploads(exchange, &answered, answer)).await?
        }
        _ => answer,
    };
    write(session, exchange, answer).await
}

/// Whether the work may take longer than connections are patient.
fn takes_long(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CopyObject | Operation::UploadPartCopy | Operation::CompleteMultipartUpload
    )
}

async fn long(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
    body: Bytes,
) -> Result<Answer> {
    match answered.call.operation {
        Operation::CopyObject => Box::pin(copy::answer(exchange, answered, client)).await,
        Operation::UploadPartCopy => {
            Box::pin(multipart::copy_part(exchange, answered, client)).await
        }
        _ => multipart::complete(exchange, answered, client, &body).await,
    }
}

async fn write(session: &mut Session, exchange: &mut Exchange, answer: Answer) -> Result<()> {
    let answer = told(exchange, answer)?;
    let headers = relayed(&answer.headers);
    respond::answer(session, exchange, answer.status, &headers, answer.body)
        .await
        .map_err(|_| Error::ClientGone)
}

/// Passes a proven body on under our own digest, which S3 demands of settings.
async fn relay(exchange: &Exchange, mut outgoing: Outgoing, body: &Bytes) -> Result<Answer> {
    if !body.is_empty() {
        outgoing.headers.insert("content-md5", content_md5(body)?);
    } else if outgoing.method == Method::PUT {
        let none = HeaderValue::from(0);
        outgoing.headers.insert(header::CONTENT_LENGTH, none);
    }
    let backend = &exchange.snapshot.backend;
    backend.ask(&outgoing, body, ANSWER_BYTES_MAX).await
}

fn plan(answered: &Answered, client: &HeaderMap) -> Result<Plan> {
    match plan::request(&answered.call, client, 0, &answered.permit)? {
        Draft::Plan(plan) => Ok(*plan),
        Draft::Needs(_) => Err(Error::Internal("answered call needs a look-up")),
    }
}

/// The client's body, bounded and proven.
async fn body(
    session: &mut Session,
    answered: &Answered,
    client: &HeaderMap,
    limits: &Limits,
) -> Result<Bytes> {
    let method = &session.req_header().method;
    if *method != Method::PUT && *method != Method::POST {
        return receive::without_body(client).map(|()| Bytes::new());
    }
    let sized = client.contains_key(header::CONTENT_LENGTH)
        || client.contains_key(header::TRANSFER_ENCODING);
    let needs_body = matches!(
        answered.call.operation,
        Operation::DeleteObjects | Operation::CompleteMultipartUpload
    );
    if !sized && needs_body {
        return Err(s3::Error::new(ErrorCode::MissingContentLength).into());
    }
    if !sized {
        return Ok(Bytes::new());
    }
    let mut said = client.clone();
    if answered.call.operation == Operation::CompleteMultipartUpload {
        // They speak of the object.
        for algorithm in s3::ChecksumAlgorithm::ALL {
            said.remove(algorithm.header_name());
        }
    }
    let mut body = Body::expect(&answered.caller.verified, &said)?;
    let most = match answered.call.operation {
        Operation::CompleteMultipartUpload => limits.xml_body.max(COMPLETE_BYTES_MAX),
        _ => limits.xml_body,
    };
    if body.plain_len() > most {
        return Err(s3::Error::new(ErrorCode::EntityTooLarge).into());
    }
    let mut inlet = Inlet::open(session, limits.silence).await?;
    let mut plain = Vec::new();
    while let Some(wire) = inlet.next().await? {
        body.push(wire, &mut plain)?;
    }
    body.finish()?;
    if plain.is_empty() && needs_body {
        return Err(s3::Error::new(ErrorCode::MissingRequestBody).into());
    }
    let mut joined = BytesMut::new();
    for piece in &plain {
        joined.extend_from_slice(piece);
    }
    Ok(joined.freeze())
}

/// The backend's answer as the client gets it: a refusal under our resource and request id.
fn told(exchange: &Exchange, answer: Answer) -> Result<Answer> {
    let status = answer.status;
    if status.is_redirection() || status.is_informational() {
        return Err(Error::Backend("redirects, and clients must not go there"));
    }
    if status.is_success() {
        return Ok(answer);
    }
    let refusal = Refusal::new(status, None, exchange.resource(), exchange.id());
    let document = refusal.of(&answer.body);
    Ok(with_body(answer, document))
}

/// The headers of the answer to an upload, in the client's terms: `told` is how it is sealed.
fn written(
    stored: &Answer,
    (told, asked): (Option<SseTold>, &Asked),
    proven: Option<&Checksum>,
) -> Result<HeaderMap> {
    let unfit = |_| Error::Internal("response header");
    let mut head = ResponseHeader::build(stored.status, None).map_err(unfit)?;
    for (name, value) in &stored.headers {
        let appended = head.append_header(name.clone(), value.clone());
        appended.map_err(unfit)?;
    }
    if let Some(told) = told {
        head::written(&mut head, (told, asked), proven, None)?;
    } else {
        head::retold(&mut head, asked)?;
    }
    Ok(relayed(&head.headers))
}

/// An answer's headers without what belongs to the backend's own connection and body.
fn relayed(backend: &HeaderMap) -> HeaderMap {
    const OWN: &[&str] = &[
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "server",
        "transfer-encoding",
        "x-amz-id-2",
        "x-amz-request-id",
    ];
    let kept = backend
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The answer with another body, which is XML as it was.
fn with_body(answer: Answer, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer {
        body: body.into(),
        ..answer
    };
    answer
        .headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/xml"));
    answer
}

/// The present, as listings write it.
fn now() -> Result<String> {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].000Z");
    let now = time::OffsetDateTime::now_utc().format(format);
    now.map_err(|_| Error::Internal("time"))
}

/// RFC 1864.
fn content_md5(body: &[u8]) -> Result<HeaderValue> {
    HeaderValue::try_from(STANDARD.encode(Md5::digest(body)))
        .map_err(|_| Error::Internal("digest is no header"))
}
