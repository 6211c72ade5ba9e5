//! Conditional requests: RFC 9110 §13 as S3 reads it.

use hyper::HeaderMap;
use hyper::header::ETAG;
use hyper::header::HeaderValue;
use hyper::header::LAST_MODIFIED;
use s3s::S3Error;
use s3s::S3Result;
use s3s::dto::ETagCondition;
use s3s::dto::Timestamp;
use s3s::s3_error;

use crate::attributes::http_date;
use crate::record::Object;

/// The conditions of a read, or of a copy on its source.
#[derive(Debug, Default)]
pub(crate) struct ReadCondition {
    pub(crate) matching: Option<ETagCondition>,
    pub(crate) none_matching: Option<ETagCondition>,
    pub(crate) modified_since: Option<Timestamp>,
    pub(crate) unmodified_since: Option<Timestamp>,
}

/// What a read's conditions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Proceed,
    NotModified,
    Failed,
}

impl ReadCondition {
    /// RFC 9110 §13.2.2: an entity tag condition makes the server ignore the date beside it.
    pub(crate) fn judge(&self, object: &Object) -> Verdict {
        let modified = Timestamp::from(object.record.modified);
        let kept = match &self.matching {
            Some(condition) => matches(condition, object),
            None => self
                .unmodified_since
                .as_ref()
                .is_none_or(|since| modified <= *since),
        };
        let fresh = match &self.none_matching {
            Some(condition) => !matches(condition, object),
            None => self
                .modified_since
                .as_ref()
                .is_none_or(|since| modified > *since),
        };
        match (kept, fresh) {
            (false, _) => Verdict::Failed,
            (true, false) => Verdict::NotModified,
            (true, true) => Verdict::Proceed,
        }
    }

    /// For GET and HEAD.
    pub(crate) fn permit_read(&self, object: &Object) -> S3Result<()> {
        match self.judge(object) {
            Verdict::Proceed => Ok(()),
            Verdict::Failed => Err(precondition_failed()),
            Verdict::NotModified => Err(not_modified(object)),
        }
    }

    /// For a copy there is no "not modified", only failure.
    pub(crate) fn permit_copy(&self, object: &Object) -> S3Result<()> {
        match self.judge(object) {
            Verdict::Proceed => Ok(()),
            Verdict::Failed | Verdict::NotModified => Err(precondition_failed()),
        }
    }
}

/// The condition of a write on what it replaces.
#[derive(Clone, Debug)]
pub(crate) enum WriteCondition {
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Present(ETagCondition),
}

impl WriteCondition {
    /// S3 knows `If-None-Match` on writes only as `*`, and only one of the two at once.
    pub(crate) fn parse(
        if_match: Option<ETagCondition>,
        if_none_match: Option<ETagCondition>,
    ) -> S3Result<Self> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::None),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(condition), None) => Ok(Self::Present(condition)),
            (_, Some(_)) => Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented"
            )),
        }
    }

    pub(crate) fn permit(&self, current: Option<&Object>) -> S3Result<()> {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) => Ok(()),
            (Self::Present(_), None) => Err(s3_error!(NoSuchKey)),
            (Self::Present(condition), Some(object)) if matches(condition, object) => Ok(()),
            (Self::Absent | Self::Present(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.record.etag,
    }
}

fn precondition_failed() -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}

/// RFC 9110 §15.4.5 wants the validators that a 200 would have had.
fn not_modified(object: &Object) -> S3Error {
    let mut headers = HeaderMap::new();
    let etag = object.etag().to_http_header().ok();
    let modified = http_date(&object.record.modified.into());
    let modified = modified.and_then(|date| HeaderValue::try_from(date).ok());
    headers.extend(etag.map(|etag| (ETAG, etag)));
    headers.extend(modified.map(|date| (LAST_MODIFIED, date)));
    let mut error = s3_error!(NotModified);
    error.set_headers(headers);
    error
}
