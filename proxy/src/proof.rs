//! Under rules that have the backend encrypt it proves once in each bucket that it does what it is
//! asked, and no answer is believed that does not say so.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use s3::BucketName;
use s3::Dialect;
use s3::ErrorCode;
use s3::ObjectName;
use s3::SseHeader;
use s3::SseMode;
use s3::SseTold;
use s3::Target;

use crate::assemble::Snapshot;
use crate::error::Error;
use crate::error::Result;
use crate::memory::Remembered;
use crate::plan::Demand;
use crate::plan::Outgoing;
use crate::random;

/// That a backend did once what was demanded.
#[derive(Debug, Clone, Copy)]
pub struct Proven;

impl Remembered for Proven {}

/// An error document.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// Has the backend prove in this bucket that it does what is demanded, unless it has: with an object
/// of no bytes under a name of the gateway's own, which is removed again.
pub async fn prove(snapshot: &Snapshot, bucket: &BucketName, demand: &Demand) -> Result<()> {
    let name = demand.name(bucket);
    if snapshot.proofs.get(&name).is_some() {
        return Ok(());
    }
    let unique: [u8; 8] = random::bytes().map_err(|_| Error::Internal("no randomness"))?;
    let probe = format!(".sealgate-probe-{:016x}", u64::from_be_bytes(unique));
    let target = Target::Object(bucket.clone(), ObjectName::parse(&probe)?);
    let mut outgoing = Outgoing::new(Method::PUT, &target);
    demand.put(&mut outgoing.headers);
    let none = HeaderValue::from(0);
    outgoing.headers.insert(header::CONTENT_LENGTH, none);
    let backend = &snapshot.backend;
    let body = Bytes::new();
    let answer = backend.ask(&outgoing, &body, ERROR_BYTES_MAX).await?;
    if !answer.status.is_success() {
        return Err(refused(&answer.body));
    }
    let met = demand.is_met(&answer.headers);
    remove(snapshot, &target, &answer.headers).await;
    if !met {
        return Err(UNMET);
    }
    snapshot.proofs.insert(name, Proven);
    Ok(())
}

/// Believes an answer that says that it was done. What was written without is removed where that
/// is certain to be it: where it has a version of its own.
pub async fn believe(
    snapshot: &Snapshot,
    target: &Target,
    demand: Option<&Demand>,
    answer: &HeaderMap,
) -> Result<()> {
    if demand.is_none_or(|demand| demand.is_met(answer)) {
        return Ok(());
    }
    if answer.contains_key(VERSION) {
        remove(snapshot, target, answer).await;
    }
    Err(UNMET)
}

/// What the backend says of an object's encryption, in the words of S3.
#[must_use]
pub fn told(backend: &HeaderMap) -> Option<SseTold> {
    let text = |header: SseHeader| {
        let value = backend.get(header.name(Dialect::S3)?)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let mode = match text(SseHeader::Mode)?.as_str() {
        "AES256" => SseMode::Aes256,
        "aws:kms" => SseMode::Kms,
        "aws:kms:dsse" => SseMode::Dsse,
        _ => return None,
    };
    Some(SseTold {
        mode,
        sm4: false,
        key_id: text(SseHeader::KeyId),
        project: None,
        bucket_key: text(SseHeader::BucketKey).is_some_and(|value| value == "true"),
        context: None,
        customer_md5: None,
    })
}

async fn remove(snapshot: &Snapshot, target: &Target, answer: &HeaderMap) {
    let mut outgoing = Outgoing::new(Method::DELETE, target);
    let version = answer.get(VERSION).and_then(|value| value.to_str().ok());
    if let Some(version) = version {
        outgoing = outgoing.with_query("versionId", version);
    }
    let backend = &snapshot.backend;
    let removed = backend.ask(&outgoing, &Bytes::new(), ERROR_BYTES_MAX).await;
    if !removed.is_ok_and(|answer| answer.status.is_success()) {
        log::error!("what the backend did not encrypt, or a probe, could not be removed");
    }
}

fn refused(document: &[u8]) -> Error {
    let code = s3::xml::error::code(document);
    match code.and_then(|code| ErrorCode::from_name(&code)) {
        Some(code) => s3::Error::new(code).into(),
        None => Error::Backend("refuses to encrypt"),
    }
}

const VERSION: &str = "x-amz-version-id";
const UNMET: Error = Error::Backend("does not encrypt as it is asked");
