//! What a call means to the policy, and the policy's permit for it.

use crypto::Envelope;
use crypto::Sse;
use policy::Action;
use policy::Decision;
use policy::KeyName;
use policy::Permit;
use policy::Refusal;
use policy::Request;
use policy::RuleSet;
use policy::Setting;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::SseAsked;
use s3::Target;

use crate::asked;
use crate::audit::Entry;
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

/// What is to be decided: who wants what done to what, and what he says of encryption.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Who.
    pub caller: &'a policy::Caller,
    /// What.
    pub operation: Operation,
    /// To what.
    pub target: &'a Target,
    /// With what headers of encryption.
    pub asked: &'a SseAsked<'a>,
    /// What the bucket has been set to.
    pub setting: Option<&'a Setting>,
    /// Over an encrypted connection.
    pub secure: bool,
}

/// Asks the policy, and has the answer recorded. A refusal names its reason.
pub fn authorize(rules: &RuleSet, audit: &Entry, question: &Question<'_>) -> Result<Permit> {
    let Question {
        caller,
        operation,
        target,
        asked,
        setting,
        secure,
    } = *question;
    let action = action(operation).ok_or_else(|| not_served(operation))?;
    let request = Request {
        wish: asked::wish(asked, operation),
        setting,
        secure,
        ..Request::new(
            caller,
            action,
            operation.name(),
            target.bucket().map(BucketName::as_str),
            target.object().map(ObjectName::as_str),
        )
    };
    audit.called_by(caller);
    decide(rules, audit, &request)
}

/// Asks the policy in its own words.
pub fn decide(rules: &RuleSet, audit: &Entry, request: &Request<'_>) -> Result<Permit> {
    let decision = policy::decide(rules, request);
    audit.decided(request, &decision);
    match decision {
        Decision::Permitted(permit) => {
            if let Some(refusal) = permit.reported() {
                log::warn!("report: {} would be refused: {refusal}", request.operation);
            }
            Ok(permit)
        }
        Decision::Refused(refusal) => Err(refused(&refusal).into()),
    }
}

/// Whether who reads an object may use the key that it is under (FORMAT.md §2). SSE-S3 has no keys
/// that clients know of, and a client's own needs no leave.
pub fn may_open(rules: &RuleSet, permit: &Permit, envelope: &Envelope) -> Result<()> {
    if !matches!(envelope.sse(), Sse::Kms | Sse::Dsse) {
        return Ok(());
    }
    let key = envelope.key_name().map(KeyName::parse).and_then(Result::ok);
    let bucket = permit.bucket().unwrap_or_default();
    if key.is_some_and(|key| rules.may_use(permit.caller(), bucket, &key)) {
        return Ok(());
    }
    Err(s3::Error::new(ErrorCode::AccessDenied)
        .with_message("Access Denied: the key of the object may not be used.")
        .into())
}

fn refused(refusal: &Refusal) -> s3::Error {
    match refusal {
        Refusal::NoDsse { .. } => {
            s3::Error::new(ErrorCode::NotImplemented).with_message(format!("{refusal}."))
        }
        Refusal::UnknownKey { .. } => {
            s3::Error::new(ErrorCode::KmsNotFound).with_message(refusal.to_string())
        }
        _ => s3::Error::new(ErrorCode::AccessDenied)
            .with_message(format!("Access Denied: {refusal}.")),
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
