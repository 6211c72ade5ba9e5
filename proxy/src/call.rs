//! What a client asks for, read from the head of its request before anybody is trusted.

use http::HeaderMap;
use http::Method;
use http::header;
use pingora::http::RequestHeader;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::Query;
use s3::Target;

use crate::error::Result;

/// A request's target and operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is to be done.
    pub operation: Operation,
    /// To what.
    pub target: Target,
    /// The decoded query.
    pub query: Query,
    raw_path: String,
    raw_query: String,
    host_bucket: Option<String>,
}

impl Call {
    /// Reads `request`; `domains` are those under which buckets are addressed as virtual hosts.
    pub fn parse(request: &RequestHeader, domains: &[String]) -> Result<Self> {
        let raw = std::str::from_utf8(request.raw_path())
            .ok()
            .filter(|raw| raw.starts_with('/'))
            .ok_or_else(|| s3::Error::new(ErrorCode::InvalidUri))?;
        let (raw_path, raw_query) = raw.split_once('?').unwrap_or((raw, ""));
        let host = host(&request.headers)?;
        let target = Target::parse(host, raw_path, domains)?;
        let at_host = Target::parse(host, "/", domains)?;
        let query = Query::parse(raw_query)?;
        let operation = s3::route(&request.method, &target, &query, &request.headers);
        Ok(Self {
            operation,
            target,
            query,
            raw_path: raw_path.to_owned(),
            raw_query: raw_query.to_owned(),
            host_bucket: at_host.bucket().map(|bucket| bucket.as_str().to_owned()),
        })
    }

    /// The same call on an object that its body names.
    #[must_use]
    pub fn on(&self, bucket: &BucketName, object: ObjectName) -> Self {
        Self {
            target: Target::Object(bucket.clone(), object),
            ..self.clone()
        }
    }

    /// The head as it was signed.
    #[must_use]
    pub fn head<'a>(&'a self, method: &'a Method, headers: &'a HeaderMap) -> s3::Head<'a> {
        s3::Head {
            method,
            raw_path: &self.raw_path,
            raw_query: &self.raw_query,
            headers,
        }
    }

    /// The bucket, where the host names it.
    #[must_use]
    pub fn host_bucket(&self) -> Option<&str> {
        self.host_bucket.as_deref()
    }

    /// The path as the client sent it, for error documents.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.raw_path
    }
}

fn host(headers: &HeaderMap) -> Result<&str> {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .ok_or_else(|| s3::Error::new(ErrorCode::InvalidRequest).into())
}
