//! A request to the backend before it is signed.

use std::ops::Range;

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use s3::Target;

/// Method, target and headers; the endpoint's host, the date and the signature are added when
/// it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// HTTP method.
    pub method: Method,
    /// Percent-encoded path, path style.
    pub path: String,
    /// Percent-encoded query without the question mark.
    pub query: String,
    /// Headers, with `content-length` when there is a body.
    pub headers: HeaderMap,
}

impl Outgoing {
    /// A request without headers and query.
    #[must_use]
    pub fn new(method: Method, target: &Target) -> Self {
        Self {
            method,
            path: path(target),
            query: String::new(),
            headers: HeaderMap::new(),
        }
    }

    /// Adds `name=value` to the query.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.extend(utf8_percent_encode(name, QUERY));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, QUERY));
        self
    }

    /// Of exactly the version with this backend `ETag`, whatever the client's conditions were.
    #[must_use]
    pub fn of_version(mut self, etag: HeaderValue) -> Self {
        for condition in [
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_UNMODIFIED_SINCE,
        ] {
            self.headers.remove(condition);
        }
        self.headers.insert(header::IF_MATCH, etag);
        self
    }

    /// Only these bytes, of which there is at least one.
    #[must_use]
    pub fn with_range(mut self, bytes: Range<u64>) -> Self {
        let range = format!("bytes={}-{}", bytes.start, bytes.end.saturating_sub(1));
        // INVARIANT: digits and a dash are a header value.
        if let Ok(range) = HeaderValue::try_from(range) {
            self.headers.insert(header::RANGE, range);
        }
        self
    }

    /// Only the last bytes, so many if there are.
    #[must_use]
    pub fn with_suffix(mut self, bytes: u64) -> Self {
        // INVARIANT: digits and a dash are a header value.
        if let Ok(range) = HeaderValue::try_from(format!("bytes=-{bytes}")) {
            self.headers.insert(header::RANGE, range);
        }
        self
    }

    /// Whether it comes to the same when it is sent twice. The end of an upload does not, nor a write
    /// under conditions on what it replaces.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        let conditions = [header::IF_MATCH, header::IF_NONE_MATCH];
        let conditional = conditions
            .iter()
            .any(|name| self.headers.contains_key(name));
        match self.method {
            Method::GET | Method::HEAD => true,
            Method::POST => !self.query.contains("uploadId="),
            _ => !conditional,
        }
    }

    /// Path and query as they stand in the request line.
    #[must_use]
    pub fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// What `SigV4` leaves as it is: unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn path(target: &Target) -> String {
    match target {
        Target::Service => "/".to_owned(),
        Target::Bucket(bucket) => format!("/{}", bucket.as_str()),
        Target::Object(bucket, object) => {
            format!("/{bucket}/{}", object.encoded())
        }
    }
}
