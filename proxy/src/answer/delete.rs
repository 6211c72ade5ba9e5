//! `DeleteObjects`: every key is judged by its own rule, and those that are refused do not reach
//! the backend.

use bytes::Bytes;
use http::HeaderValue;
use http::header;
use policy::Decision;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::Target;
use s3::xml::delete;
use s3::xml::delete::DeleteError;
use s3::xml::delete::DeleteObject;
use s3::xml::delete::DeleteRequest;
use s3::xml::delete::DeleteResult;

use super::ANSWER_BYTES_MAX;
use super::content_md5;
use super::with_body;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::plan::swap_etag;
use crate::receive::Answered;

/// Deletes what may be deleted and answers for each key.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    mut outgoing: Outgoing,
    body: &Bytes,
) -> Result<Answer> {
    let snapshot = &exchange.snapshot;
    let bucket = answered
        .call
        .target
        .bucket()
        .ok_or(Error::Internal("delete without bucket"))?;
    let DeleteRequest { quiet, objects } = delete::parse_request(body)?;
    let mut permitted = Vec::with_capacity(objects.len());
    let mut errors = Vec::new();
    for object in objects {
        match judge(exchange, answered, bucket, &object) {
            Some(seals) => permitted.push(mapped(object, seals)),
            None => errors.push(denied(object)),
        }
    }
    if permitted.is_empty() {
        let result = DeleteResult {
            deleted: Vec::new(),
            errors,
        };
        return Ok(refused(&result));
    }
    for object in &permitted {
        let target = Target::Object(bucket.clone(), object.key.clone());
        snapshot.cache.remove(&target);
    }
    let body = Bytes::from(delete::render_request(&DeleteRequest {
        quiet,
        objects: permitted,
    }));
    outgoing.headers.insert("content-md5", content_md5(&body)?);
    let content_type = HeaderValue::from_static("application/xml");
    outgoing.headers.insert(header::CONTENT_TYPE, content_type);
    let answer = snapshot
        .backend
        .ask(&outgoing, &body, ANSWER_BYTES_MAX)
        .await?;
    if errors.is_empty() || !answer.status.is_success() {
        return Ok(answer);
    }
    let mut result = delete::parse_result(&answer.body)?;
    result.errors.extend(errors);
    Ok(with_body(answer, delete::render_result(&result)))
}

/// Whether the object's rule seals, if it lets the caller delete at all.
fn judge(
    exchange: &Exchange,
    answered: &Answered,
    bucket: &BucketName,
    object: &DeleteObject,
) -> Option<bool> {
    let request = policy::Request {
        secure: answered.secure,
        ..policy::Request::new(
            &answered.caller.name,
            answered.permit.action(),
            Operation::DeleteObject.name(),
            Some(bucket.as_str()),
            Some(ObjectName::as_str(&object.key)),
        )
    };
    let decision = policy::decide(&exchange.snapshot.rules, &request);
    let version = object.version_id.as_deref();
    exchange.audit.decided_on(&request, version, &decision);
    match decision {
        Decision::Permitted(permit) => Some(permit.protection().sealing().is_some()),
        Decision::Refused(_) => None,
    }
}

fn mapped(object: DeleteObject, seals: bool) -> DeleteObject {
    let etag = object.etag.map(|etag| {
        if seals {
            format!("\"{}\"", swap_etag(etag.trim_matches('"')))
        } else {
            etag
        }
    });
    DeleteObject { etag, ..object }
}

fn denied(object: DeleteObject) -> DeleteError {
    DeleteError {
        key: object.key.as_str().to_owned(),
        version_id: object.version_id,
        code: ErrorCode::AccessDenied.name().to_owned(),
        message: ErrorCode::AccessDenied.text().to_owned(),
    }
}

fn refused(result: &DeleteResult) -> Answer {
    let answer = Answer {
        status: http::StatusCode::OK,
        headers: http::HeaderMap::new(),
        body: Bytes::new(),
    };
    with_body(answer, delete::render_result(result))
}
