//! Reads whose `Range` header is none that S3 understands.

use hyper::HeaderMap;
use hyper::Method;
use hyper::Request;
use hyper::Uri;
use hyper::header::AUTHORIZATION;
use hyper::header::RANGE;
use hyper::http::Extensions;
use hyper::http::uri::PathAndQuery;
use s3s::Body;
use s3s::S3Error;
use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::Range;
use s3s::route::S3Route;
use s3s::s3_error;
use s3s::service::S3Service;

use crate::credentials::Gate;

/// Answers such reads as if the header were absent, which is what S3 and RFC 9110 §14.2 do with
/// other units, several ranges and nonsense. `s3s` alone would answer 400.
///
/// The signature covers the header, so it can go only after `s3s` has verified the request.
pub(crate) struct OddRange {
    gate: Gate,
    /// The same store, without signatures: it sees only what passed the gate.
    unsigned: S3Service,
}

impl OddRange {
    pub(crate) fn new(gate: Gate, unsigned: S3Service) -> Self {
        Self { gate, unsigned }
    }
}

#[async_trait::async_trait]
impl S3Route for OddRange {
    fn is_match(&self, method: &Method, _: &Uri, headers: &HeaderMap, _: &mut Extensions) -> bool {
        let is_odd = headers.get(RANGE).is_some_and(|range| {
            range
                .to_str()
                .map_or(true, |range| Range::parse(range).is_err())
        });
        is_odd && matches!(*method, Method::GET | Method::HEAD)
    }

    async fn check_access(&self, request: &mut S3Request<Body>) -> S3Result<()> {
        if request.credentials.is_none() {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        self.gate.permit_region(&request.headers, &request.uri)?;
        Gate::permit_headers(&request.headers, true)
    }

    async fn call(&self, request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let mut plain = Request::new(request.input);
        *plain.method_mut() = request.method;
        *plain.uri_mut() = without_signature(&request.uri)?;
        *plain.headers_mut() = request.headers;
        plain.headers_mut().remove(RANGE);
        plain.headers_mut().remove(AUTHORIZATION);
        let answer = self.unsigned.call(plain).await;
        let (head, body) = answer
            .map_err(|e| S3Error::internal_error(Opaque(e)))?
            .into_parts();
        let mut response = S3Response::with_headers(body, head.headers);
        response.status = Some(head.status);
        Ok(response)
    }
}

/// The URI without the query parameters of a presigned URL.
fn without_signature(uri: &Uri) -> S3Result<Uri> {
    let signs = |pair: &&str| pair.starts_with("X-Amz-") || pair.starts_with("x-amz-");
    let kept: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !signs(pair))
        .collect();
    let text = format!("{}?{}", uri.path(), kept.join("&"));
    let path = PathAndQuery::try_from(text).map_err(|error| s3_error!(error, InvalidURI))?;
    Ok(Uri::from(path))
}

/// `s3s::HttpError` is no `Error` itself.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
struct Opaque(s3s::HttpError);
