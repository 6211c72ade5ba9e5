//! Presigned URLs, after the example of the Amazon S3 API Reference, "Authenticating Requests: Using
//! Query Parameters".

use http::Method;
use s3::ErrorCode;
use s3::Payload;
use time::Duration;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::request::Request;

const DATE: OffsetDateTime = datetime!(2013-05-24 00:00 UTC);
const REGION: &str = "us-east-1";
const QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524\
    %2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
    &X-Amz-SignedHeaders=host&X-Amz-Signature=\
    aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

fn url(method: Method, path: &str, query: &str) -> Request {
    let mut request = Request::new(method, path, query);
    let host = "examplebucket.s3.amazonaws.com".parse().unwrap();
    request.headers.insert(http::header::HOST, host);
    request
}

fn good() -> Request {
    url(Method::GET, "/test.txt", QUERY)
}

fn code(request: &Request, seconds: i64) -> Option<ErrorCode> {
    let verified = request.verify_at(DATE + Duration::seconds(seconds), REGION);
    verified.err().map(|error| error.code)
}

#[test]
fn the_documented_url_verifies() {
    let verified = good().verify_at(DATE, REGION).unwrap();
    assert_eq!(verified.access_key(), Some("AKIAIOSFODNN7EXAMPLE"));
    assert!(matches!(verified.payload(), Payload::Unsigned));
}

#[test]
fn the_order_and_spelling_of_parameters_do_not_matter() {
    let mut pieces: Vec<&str> = QUERY.split('&').collect();
    pieces.reverse();
    assert_eq!(
        code(&url(Method::GET, "/test.txt", &pieces.join("&")), 0),
        None
    );
    let raw = QUERY.replace("%2F", "/");
    assert_eq!(code(&url(Method::GET, "/test.txt", &raw), 0), None);
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let refused = Some(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(code(&url(Method::PUT, "/test.txt", QUERY), 0), refused);
    assert_eq!(code(&url(Method::GET, "/test.tx", QUERY), 0), refused);
    for (from, to) in [
        ("Expires=86400", "Expires=86401"),
        ("T000000Z", "T000001Z"),
        ("f604d404", "f604d405"),
        ("&X-Amz-SignedHeaders", "&versionId=1&X-Amz-SignedHeaders"),
    ] {
        let changed = url(Method::GET, "/test.txt", &QUERY.replace(from, to));
        assert_eq!(code(&changed, 0), refused, "{to}");
    }
    let elsewhere = Request::new(Method::GET, "/test.txt", QUERY);
    assert_eq!(code(&elsewhere, 0), refused);
}

#[test]
fn a_url_ends() {
    assert_eq!(code(&good(), 86_400), None);
    assert_eq!(code(&good(), 86_401), Some(ErrorCode::AccessDenied));
    assert_eq!(code(&good(), -900), None);
    assert_eq!(code(&good(), -901), Some(ErrorCode::AccessDenied));
}

#[test]
fn headers_of_meaning_must_be_signed() {
    let request = good().with("x-amz-meta-a", "1");
    assert_eq!(code(&request, 0), Some(ErrorCode::AccessDenied));
    assert_eq!(code(&good().with("accept", "*/*"), 0), None);
}

#[test]
fn another_region_or_key_is_told() {
    let other = good().verify_at(DATE, "eu-central-1").unwrap_err();
    assert_eq!(other.code, ErrorCode::AuthorizationQueryParametersError);
    assert_eq!(
        other.message,
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; \
         expecting 'eu-central-1'"
    );
    let unknown = QUERY.replace("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7NOBODY");
    let request = url(Method::GET, "/test.txt", &unknown);
    assert_eq!(code(&request, 0), Some(ErrorCode::InvalidAccessKeyId));
}

#[test]
fn a_session_token_is_refused() {
    let query = format!("{QUERY}&X-Amz-Security-Token=t");
    let refused = code(&url(Method::GET, "/test.txt", &query), 0);
    assert_eq!(refused, Some(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn one_signature_is_enough() {
    let both = good().signed();
    assert_eq!(code(&both, 0), Some(ErrorCode::InvalidArgument));
}
