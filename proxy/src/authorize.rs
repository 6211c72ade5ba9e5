//! What a call means to the policy, and the policy's permit for it.

use policy::Action;
use policy::Decision;
use policy::Permit;
use policy::Request;
use policy::RuleSet;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::Target;

use crate::error::Result;
use crate::plan;

/// The policy's verb for an operation; nothing for those that are not served, which are thereby
/// refused: a new way to read or write object data must not slip past the policy.
#[must_use]
pub fn action(operation: Operation) -> Option<Action> {
    use Operation as O;
    match operation {
        O::GetObject
        | O::HeadObject
        | O::GetObjectAttributes
        | O::GetObjectTagging
        | O::GetObjectRetention
        | O::GetObjectLegalHold => Some(Action::Read),
        O::PutObject
        | O::PostObject
        | O::CopyObject
        | O::CreateMultipartUpload
        | O::UploadPart
        | O::UploadPartCopy
        | O::CompleteMultipartUpload
        | O::AbortMultipartUpload
        | O::PutObjectTagging
        | O::DeleteObjectTagging
        | O::PutObjectRetention
        | O::PutObjectLegalHold => Some(Action::Write),
        O::DeleteObject | O::DeleteObjects => Some(Action::Delete),
        O::ListBuckets
        | O::ListObjects
        | O::ListObjectsV2
        | O::ListObjectVersions
        | O::ListParts
        | O::ListMultipartUploads
        | O::HeadBucket
        | O::GetBucketLocation => Some(Action::List),
        O::CreateBucket | O::DeleteBucket => Some(Action::Configure),
        other => plan::relay::subresource(other).map(|_| Action::Configure),
    }
}

/// Asks the policy. A refusal names its reason.
pub fn authorize(
    rules: &RuleSet,
    caller: &policy::Caller,
    operation: Operation,
    target: &Target,
) -> Result<Permit> {
    let action = action(operation).ok_or_else(|| not_served(operation))?;
    let request = Request {
        caller,
        action,
        operation: operation.name(),
        bucket: target.bucket().map(BucketName::as_str),
        object: target.object().map(ObjectName::as_str),
    };
    match policy::decide(rules, &request) {
        Decision::Permitted(permit) => Ok(permit),
        Decision::Refused(refusal) => Err(s3::Error::new(ErrorCode::AccessDenied)
            .with_message(format!("Access Denied: {refusal}."))
            .into()),
    }
}

fn not_served(operation: Operation) -> s3::Error {
    let what = match operation {
        Operation::Unknown => "This operation",
        known => known.name(),
    };
    s3::Error::new(ErrorCode::NotImplemented)
        .with_message(format!("{what} is not implemented by this gateway."))
}
