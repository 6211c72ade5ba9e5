//! Calls that touch no object data: they go to the backend as they are, under the gateway's
//! signature. Listings and multi-object deletes are answered elsewhere, from these requests.

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use policy::Permit;
use s3::Operation;

use super::Objects;
use super::Outgoing;
use super::Plan;
use super::Reply;
use super::RequestBody;
use super::conditions;
use super::headers;
use super::headers::Kind;
use super::relay;
use crate::call::Call;

/// Query parameters that listings pass on.
const LISTING: &[&str] = &[
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "list-type",
    "marker",
    "max-keys",
    "prefix",
    "start-after",
];

/// Query parameters that listings of versions pass on.
const VERSIONS: &[&str] = &[
    "delimiter",
    "encoding-type",
    "key-marker",
    "max-keys",
    "prefix",
    "version-id-marker",
    "versions",
];

/// Query parameters that listings of uploads pass on.
const UPLOADS: &[&str] = &[
    "delimiter",
    "encoding-type",
    "key-marker",
    "max-uploads",
    "prefix",
    "upload-id-marker",
    "uploads",
];

/// Query parameters that `ListBuckets` passes on.
const BUCKETS: &[&str] = &[
    "bucket-region",
    "continuation-token",
    "max-buckets",
    "prefix",
];

/// The relayed or answered call on a bucket or on the service.
pub(super) fn plan(call: &Call, headers: &HeaderMap) -> Result<Plan, s3::Error> {
    let (method, query): (_, &[&str]) = match call.operation {
        Operation::ListObjectVersions => (Method::GET, VERSIONS),
        Operation::ListMultipartUploads => (Method::GET, UPLOADS),
        Operation::ListBuckets => (Method::GET, BUCKETS),
        Operation::ListObjects | Operation::ListObjectsV2 => (Method::GET, LISTING),
        Operation::GetBucketLocation => (Method::GET, &["location"]),
        Operation::HeadBucket => (Method::HEAD, &[]),
        Operation::CreateBucket => (Method::PUT, &[]),
        Operation::DeleteBucket => (Method::DELETE, &[]),
        Operation::DeleteObjects => (Method::POST, &["delete"]),
        _ => return relay::outgoing(call, headers).map(unchanged),
    };
    let mut outgoing = Outgoing::new(method, &call.target);
    for (name, value) in call.query.pairs().filter(|(name, _)| query.contains(name)) {
        outgoing = outgoing.with_query(name, value);
    }
    outgoing.headers = headers::forward(headers, Kind::Bucket)?;
    Ok(unchanged(outgoing))
}

/// `DeleteObject`; its condition speaks of the client's `ETag`.
pub(super) fn delete_object(
    call: &Call,
    headers: &HeaderMap,
    permit: &Permit,
) -> Result<Plan, s3::Error> {
    let mut outgoing = Outgoing::new(Method::DELETE, &call.target);
    if let Some(version) = call.query.get("versionId") {
        outgoing = outgoing.with_query("versionId", version);
    }
    outgoing.headers = headers::forward(headers, Kind::Object)?;
    conditions::copy(headers, &mut outgoing.headers, Objects::of(permit));
    outgoing
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    Ok(unchanged(outgoing))
}

/// No body goes out here, and what comes back is passed on.
fn unchanged(outgoing: Outgoing) -> Plan {
    Plan {
        outgoing,
        body: RequestBody::Empty,
        reply: Reply::Relay,
        demand: None,
    }
}
