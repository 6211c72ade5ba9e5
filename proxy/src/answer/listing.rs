//! Listings: each key by the rule of its own prefix.

use bytes::Bytes;
use policy::Decision;
use policy::Protection;
use policy::Request;
use s3::BucketName;
use s3::xml;

use super::ANSWER_BYTES_MAX;
use super::with_body;
use crate::backend::Answer;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::receive::Answered;
use crate::transform::listing;

/// `ListObjects`, both versions: sizes and `ETags` of sealed objects become the client's.
pub(super) async fn objects(
    exchange: &Exchange,
    answered: &Answered,
    outgoing: &Outgoing,
) -> Result<Answer> {
    let snapshot = &exchange.snapshot;
    let answer = snapshot
        .backend
        .ask(outgoing, &Bytes::new(), ANSWER_BYTES_MAX)
        .await?;
    if !answer.status.is_success() {
        return Ok(answer);
    }
    let shown = xml::list::rewrite(&answer.body, &mut |entry| {
        if seals(exchange, answered, entry.key) {
            listing::shown(entry)
        } else {
            None
        }
    })?;
    Ok(with_body(answer, shown))
}

/// `ListBuckets`: those that the caller may list.
pub(super) async fn buckets(
    exchange: &Exchange,
    answered: &Answered,
    outgoing: &Outgoing,
) -> Result<Answer> {
    let snapshot = &exchange.snapshot;
    let answer = snapshot
        .backend
        .ask(outgoing, &Bytes::new(), ANSWER_BYTES_MAX)
        .await?;
    if !answer.status.is_success() {
        return Ok(answer);
    }
    let listed = xml::buckets::retain(&answer.body, &mut |bucket| {
        let request = request(answered, Some(bucket), None);
        matches!(
            policy::decide(&snapshot.rules, &request),
            Decision::Permitted(_)
        )
    })?;
    Ok(with_body(answer, listed))
}

fn seals(exchange: &Exchange, answered: &Answered, key: &str) -> bool {
    let bucket = answered.call.target.bucket().map(BucketName::as_str);
    let request = request(answered, bucket, Some(key));
    match policy::decide(&exchange.snapshot.rules, &request) {
        Decision::Permitted(permit) => matches!(permit.protection(), Protection::Seal { .. }),
        Decision::Refused(_) => false,
    }
}

fn request<'a>(
    answered: &'a Answered,
    bucket: Option<&'a str>,
    object: Option<&'a str>,
) -> Request<'a> {
    Request {
        caller: &answered.caller.name,
        action: answered.permit.action(),
        operation: answered.call.operation.name(),
        bucket,
        object,
    }
}
