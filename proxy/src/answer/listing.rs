//! Listings: each key by the rule of its own prefix.

use policy::Decision;
use policy::Protection;
use policy::Request;
use s3::BucketName;
use s3::xml;

use super::with_body;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::receive::Answered;
use crate::transform::listing;

/// A listing of objects: sizes and `ETags` of sealed ones become the client's.
pub(super) fn objects(exchange: &Exchange, answered: &Answered, answer: Answer) -> Result<Answer> {
    let shown = xml::list::rewrite(&answer.body, &mut |entry| {
        seals(exchange, answered, entry.key)
            .then(|| listing::shown(entry))
            .flatten()
    });
    let shown = shown.map_err(|_| Error::Backend("listing of objects"))?;
    Ok(with_body(answer, shown))
}

/// `ListBuckets`: those that the caller may list.
pub(super) fn buckets(exchange: &Exchange, answered: &Answered, answer: Answer) -> Result<Answer> {
    let state = exchange.snapshot.state.as_ref();
    let listed = xml::buckets::retain(&answer.body, &mut |bucket| {
        if state.is_some_and(|state| state.is(bucket)) {
            return false;
        }
        let request = request(answered, Some(bucket), None);
        matches!(
            policy::decide(&exchange.snapshot.rules, &request),
            Decision::Permitted(_)
        )
    });
    let listed = listed.map_err(|_| Error::Backend("listing of buckets"))?;
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
