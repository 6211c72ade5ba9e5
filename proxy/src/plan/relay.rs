//! Calls on settings, tags, ACLs and locks: they touch no object data, so they go to the backend
//! as they are, under the gateway's signature.

use http::HeaderMap;
use http::Method;
use s3::Operation;

use super::Outgoing;
use super::headers;
use super::headers::Kind;
use super::not_implemented;
use crate::call::Call;

/// Query parameters that go along beside the sub-resource.
const ALONG: &[&str] = &["continuation-token", "id", "versionId"];

/// The sub-resource that `operation` speaks of, when it is one that is passed on. Restoring is not:
/// its body can ask for a selection from the object's data.
pub(crate) fn subresource(operation: Operation) -> Option<&'static str> {
    use Operation as O;
    Some(match operation {
        O::GetObjectAcl | O::PutObjectAcl | O::GetBucketAcl | O::PutBucketAcl => "acl",
        O::GetObjectTagging
        | O::PutObjectTagging
        | O::DeleteObjectTagging
        | O::GetBucketTagging
        | O::PutBucketTagging
        | O::DeleteBucketTagging => "tagging",
        O::GetObjectRetention | O::PutObjectRetention => "retention",
        O::GetObjectLegalHold | O::PutObjectLegalHold => "legal-hold",
        O::GetObjectLockConfiguration | O::PutObjectLockConfiguration => "object-lock",
        O::GetBucketAccelerateConfiguration | O::PutBucketAccelerateConfiguration => "accelerate",
        O::GetBucketAnalyticsConfiguration
        | O::PutBucketAnalyticsConfiguration
        | O::DeleteBucketAnalyticsConfiguration => "analytics",
        O::GetBucketCors | O::PutBucketCors | O::DeleteBucketCors => "cors",
        O::GetBucketIntelligentTieringConfiguration
        | O::PutBucketIntelligentTieringConfiguration
        | O::DeleteBucketIntelligentTieringConfiguration => "intelligent-tiering",
        // Only where the backend encrypts: elsewhere `answer/encryption.rs` knows.
        O::GetBucketEncryption | O::PutBucketEncryption | O::DeleteBucketEncryption => "encryption",
        O::GetBucketInventoryConfiguration
        | O::PutBucketInventoryConfiguration
        | O::DeleteBucketInventoryConfiguration => "inventory",
        O::GetBucketLifecycleConfiguration
        | O::PutBucketLifecycleConfiguration
        | O::DeleteBucketLifecycle => "lifecycle",
        O::GetBucketLogging | O::PutBucketLogging => "logging",
        O::GetBucketMetricsConfiguration
        | O::PutBucketMetricsConfiguration
        | O::DeleteBucketMetricsConfiguration => "metrics",
        O::GetBucketNotificationConfiguration | O::PutBucketNotificationConfiguration => {
            "notification"
        }
        O::GetBucketOwnershipControls
        | O::PutBucketOwnershipControls
        | O::DeleteBucketOwnershipControls => "ownershipControls",
        O::GetBucketPolicy | O::PutBucketPolicy | O::DeleteBucketPolicy => "policy",
        O::GetBucketPolicyStatus => "policyStatus",
        O::GetBucketReplication | O::PutBucketReplication | O::DeleteBucketReplication => {
            "replication"
        }
        O::GetBucketRequestPayment | O::PutBucketRequestPayment => "requestPayment",
        O::GetBucketVersioning | O::PutBucketVersioning => "versioning",
        O::GetBucketWebsite | O::PutBucketWebsite | O::DeleteBucketWebsite => "website",
        O::GetPublicAccessBlock | O::PutPublicAccessBlock | O::DeletePublicAccessBlock => {
            "publicAccessBlock"
        }
        O::GetBucketStorageInfo => "storageinfo",
        O::GetBucketQuota | O::PutBucketQuota => "quota",
        O::GetBucketStoragePolicy | O::PutBucketStoragePolicy => "storagePolicy",
        _ => return None,
    })
}

/// The relayed call, without its body.
pub(super) fn outgoing(call: &Call, headers: &HeaderMap) -> Result<Outgoing, s3::Error> {
    let Some(subresource) = subresource(call.operation) else {
        return Err(not_implemented("This operation is not implemented."));
    };
    let mut outgoing = Outgoing::new(method(call.operation), &call.target);
    for (name, value) in call.query.pairs() {
        if name == subresource || ALONG.contains(&name) {
            outgoing = outgoing.with_query(name, value);
        }
    }
    outgoing.headers = headers::forward(headers, Kind::Setting)?;
    Ok(outgoing)
}

/// AWS begins the names of these operations with their methods.
fn method(operation: Operation) -> Method {
    match operation.name() {
        name if name.starts_with("Put") => Method::PUT,
        name if name.starts_with("Delete") => Method::DELETE,
        _ => Method::GET,
    }
}
