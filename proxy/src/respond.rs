//! The only place where a failure becomes what a client reads: an S3 error document. What we log
//! and what the client sees are two texts; internal by default.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use s3::ErrorCode;

use crate::answer::preflight;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::kms;

/// How long a client that is still sending may take to read an error, and how long we read on so
/// that it does: closing at once would reset the connection under its upload.
const DRAIN: Duration = Duration::from_secs(5);

/// What the client is told of a failure.
#[must_use]
pub fn told(error: &Error) -> s3::Error {
    match error {
        Error::Client(error) => error.clone(),
        Error::Sealed(crypto::Error::EnvelopeTooLong(_)) => {
            s3::Error::new(ErrorCode::MetadataTooLarge)
        }
        Error::ClientGone => s3::Error::new(ErrorCode::RequestTimeout),
        Error::Sealed(_) | Error::Backend(_) | Error::Internal(_) => {
            s3::Error::new(ErrorCode::InternalError)
        }
        Error::Key { name, source } => match source {
            kms::Error::Disabled => {
                s3::Error::new(ErrorCode::KmsDisabled).with_message(format!("{name} is disabled."))
            }
            kms::Error::Unknown
            | kms::Error::NoMasterKey(_)
            | kms::Error::Refused(_)
            | kms::Error::Random(_) => s3::Error::new(ErrorCode::InternalError)
                .with_message("The key of this object cannot be had."),
        },
        Error::Unreachable(_) => s3::Error::new(ErrorCode::ServiceUnavailable)
            .with_message("The object store behind this gateway cannot be reached."),
    }
}

/// Logs a failure and writes the error document, unless the answer's head is already out: then
/// only a broken connection can say that something is wrong. Returns the status.
pub async fn refuse(session: &mut Session, exchange: &mut Exchange, error: &Error) -> u16 {
    let told = told(error);
    let status = told.code.status();
    exchange.record_failure(error, status);
    let begun = session
        .response_written()
        .is_some_and(|head| !head.status.is_informational());
    if begun {
        return status.as_u16();
    }
    let allowances = match error {
        Error::Client(_) => preflight::allowances(exchange, session.req_header()).await,
        _ => HeaderMap::new(),
    };
    if document(session, exchange, &told, allowances)
        .await
        .is_err()
    {
        return status.as_u16();
    }
    let client = session.as_downstream_mut();
    client.set_total_drain_timeout(Some(DRAIN));
    let _ = client.drain_request_body().await;
    status.as_u16()
}

/// Writes a whole answer.
pub async fn answer(
    session: &mut Session,
    exchange: &mut Exchange,
    status: StatusCode,
    headers: &HeaderMap,
    body: Bytes,
) -> pingora::Result<()> {
    exchange.record_status(status);
    let mut head = ResponseHeader::build(status, Some(headers.len() + 4))?;
    for (name, value) in headers {
        head.append_header(name.clone(), value.clone())?;
    }
    head.insert_header("x-amz-request-id", exchange.id())?;
    let silent = session.req_header().method == Method::HEAD || status == StatusCode::NO_CONTENT;
    if status != StatusCode::NO_CONTENT && !head.headers.contains_key(header::CONTENT_LENGTH) {
        head.insert_header(header::CONTENT_LENGTH, body.len().to_string())?;
    }
    let bodiless = silent || body.is_empty();
    session
        .write_response_header(Box::new(head), bodiless)
        .await?;
    if !bodiless {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}

async fn document(
    session: &mut Session,
    exchange: &mut Exchange,
    error: &s3::Error,
    allowances: HeaderMap,
) -> pingora::Result<()> {
    let xml = s3::xml::error::render(error, exchange.resource(), exchange.id());
    let mut headers = allowances;
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    if let Some(size) = actual_size(error) {
        let range = HeaderValue::try_from(format!("bytes */{size}"));
        range
            .map(|range| headers.insert(header::CONTENT_RANGE, range))
            .ok();
    }
    if session.req_header().method == Method::HEAD {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    if !session.as_downstream_mut().is_body_done() {
        session.set_keepalive(None);
    }
    answer(
        session,
        exchange,
        error.code.status(),
        &headers,
        Bytes::from(xml),
    )
    .await
}

/// A 416 names the size, RFC 9110 §14.4.
fn actual_size(error: &s3::Error) -> Option<&str> {
    let detail = error
        .details
        .iter()
        .find(|(name, _)| *name == "ActualObjectSize")?;
    (error.code == ErrorCode::InvalidRange).then_some(detail.1.as_str())
}
