//! Which bytes of an object a read asks for.

use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::CONTENT_RANGE;
use hyper::header::CONTENT_TYPE;
use hyper::header::HeaderValue;
use s3s::S3Error;
use s3s::S3ErrorCode;
use s3s::S3Result;
use s3s::dto::Range;
use s3s::s3_error;

use crate::record::Object;

/// A stretch of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) range: std::ops::Range<u64>,
    /// Whether the answer is 206 with a `Content-Range`.
    pub(crate) is_partial: bool,
    /// Of a multipart object, when a part was asked for.
    pub(crate) parts_count: Option<i32>,
}

impl Window {
    /// RFC 9110 §14.4.
    pub(crate) fn content_range(&self, size: u64) -> Option<String> {
        let last = self.range.end.checked_sub(1)?;
        self.is_partial
            .then(|| format!("bytes {}-{last}/{size}", self.range.start))
    }
}

/// The window that `range` or `part` asks for; the whole object if neither is given.
pub(crate) fn window(object: &Object, range: Option<Range>, part: Option<i32>) -> S3Result<Window> {
    match (range, part) {
        (Some(_), Some(_)) => Err(s3_error!(
            InvalidRequest,
            "Cannot specify both Range header and partNumber query parameter"
        )),
        (Some(range), None) => {
            let range = satisfied(range, object.record.size)?;
            Ok(Window {
                range,
                is_partial: true,
                parts_count: None,
            })
        }
        (None, Some(number)) => part_window(object, number),
        (None, None) => Ok(whole(object)),
    }
}

/// RFC 9110 §14.1.2; no range fits an empty object.
pub(crate) fn satisfied(range: Range, size: u64) -> S3Result<std::ops::Range<u64>> {
    match range.check(size) {
        Ok(range) if !range.is_empty() => Ok(range),
        _ => Err(unsatisfiable(size)),
    }
}

fn whole(object: &Object) -> Window {
    Window {
        range: 0..object.record.size,
        is_partial: false,
        parts_count: None,
    }
}

/// An object put as a whole has one part, number 1. Gaps in numbers stay gaps.
fn part_window(object: &Object, number: i32) -> S3Result<Window> {
    let record = &object.record;
    if record.parts.is_empty() && number == 1 {
        return Ok(Window {
            is_partial: record.size > 0,
            ..whole(object)
        });
    }
    let mut start = 0;
    for part in &record.parts {
        let end = start + part.size;
        if part.number == number {
            let parts_count = i32::try_from(record.parts.len()).ok();
            return Ok(Window {
                range: start..end,
                is_partial: start < end,
                parts_count,
            });
        }
        start = end;
    }
    let code = S3ErrorCode::Custom("InvalidPartNumber".into());
    let mut error = S3Error::with_message(code, "The requested partnumber is not satisfiable");
    error.set_status_code(StatusCode::RANGE_NOT_SATISFIABLE);
    Err(error)
}

/// RFC 9110 §15.5.17 wants the size in the answer.
fn unsatisfiable(size: u64) -> S3Error {
    let mut headers = HeaderMap::new();
    // These headers replace the ones that `s3s` sets for its XML.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    let range = HeaderValue::try_from(format!("bytes */{size}"));
    headers.extend(range.ok().map(|range| (CONTENT_RANGE, range)));
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    error.set_headers(headers);
    error
}
