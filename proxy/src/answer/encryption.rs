//! `?encryption` of a bucket whose objects are sealed here: the backend is not asked to encrypt, so
//! what the bucket is set to is kept by the gateway.

use bytes::Bytes;
use config::Compatibility;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use policy::Algorithm;
use policy::Missing;
use policy::Permit;
use policy::Sse;
use s3::BucketName;
use s3::Dialect;
use s3::ErrorCode;
use s3::Operation;
use s3::SseMode;
use s3::Target;
use s3::xml::encryption::BucketEncryption;

use super::ANSWER_BYTES_MAX;
use super::with_body;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::receive::Answered;
use crate::settings;
use crate::state::Desk;

/// Whether the call is answered here: the backend knows nothing of what is sealed.
pub(super) fn is_ours(answered: &Answered) -> bool {
    let encryption = matches!(
        answered.call.operation,
        Operation::GetBucketEncryption
            | Operation::PutBucketEncryption
            | Operation::DeleteBucketEncryption
    );
    encryption && answered.permit.protection().sealing().is_some()
}

/// Answers it.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
    body: &Bytes,
) -> Result<Answer> {
    let Target::Bucket(bucket) = &answered.call.target else {
        return Err(Error::Internal("encryption of no bucket"));
    };
    let desk = desk(exchange)?;
    let settings = &exchange.snapshot.settings.encryption;
    let dialect = Dialect::of(client);
    match answered.call.operation {
        Operation::PutBucketEncryption => {
            let to = BucketEncryption::parse(body, dialect)?;
            allowed(&answered.permit, &to)?;
            if let Err(refused) = exists(exchange, bucket).await? {
                return Ok(refused);
            }
            settings.put(desk, bucket.as_str(), to).await?;
            Ok(Answer::empty())
        }
        Operation::DeleteBucketEncryption => {
            if let Err(refused) = exists(exchange, bucket).await? {
                return Ok(refused);
            }
            settings.clear(desk, bucket.as_str()).await?;
            Ok(Answer {
                status: StatusCode::NO_CONTENT,
                ..Answer::empty()
            })
        }
        _ => {
            let set = settings.of(desk, bucket.as_str()).await?;
            if set.is_none()
                && let Err(refused) = exists(exchange, bucket).await?
            {
                return Ok(refused);
            }
            let compatibility = exchange.snapshot.compatibility;
            let default = || default(&answered.permit, compatibility);
            let shown = set.map(|set| (*set).clone()).or_else(default);
            let shown = shown.ok_or_else(|| s3::Error::new(not_configured(dialect)))?;
            Ok(with_body(Answer::empty(), shown.render(dialect)))
        }
    }
}

/// What a new bucket is set to by the headers of Huawei's dialect, if by any: judged before the bucket
/// is made.
pub(super) fn of_new_bucket(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Option<BucketEncryption>> {
    if answered.call.operation != Operation::CreateBucket {
        return Ok(None);
    }
    let Some(to) = s3::SseAsked::read(client)?.of_new_bucket()? else {
        return Ok(None);
    };
    if answered.permit.protection().sealing().is_none() {
        return Err(s3::Error::new(ErrorCode::NotImplemented)
            .with_message("The rule of this bucket does not seal: set its encryption afterwards.")
            .into());
    }
    allowed(&answered.permit, &to)?;
    desk(exchange)?;
    Ok(Some(to))
}

/// Sets a bucket that was just made, and tells it.
pub(super) async fn set_new_bucket(
    exchange: &Exchange,
    answered: &Answered,
    to: BucketEncryption,
    mut answer: Answer,
) -> Result<Answer> {
    let Target::Bucket(bucket) = &answered.call.target else {
        return Err(Error::Internal("encryption of no bucket"));
    };
    let settings = &exchange.snapshot.settings.encryption;
    settings
        .put(desk(exchange)?, bucket.as_str(), to.clone())
        .await?;
    let mode = match to.mode {
        SseMode::Kms => "kms",
        _ => "obs",
    };
    let cipher = if to.sm4 { "SM4" } else { "AES256" };
    let told = [
        ("x-obs-server-side-encryption", Some(mode)),
        ("x-obs-server-side-data-encryption", Some(cipher)),
        (
            "x-obs-server-side-encryption-kms-key-id",
            to.key_id.as_deref(),
        ),
        ("x-obs-sse-kms-key-project-id", to.project.as_deref()),
    ];
    for (name, value) in told {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            answer.headers.insert(name, value);
        }
    }
    Ok(answer)
}

fn desk(exchange: &Exchange) -> Result<Desk<'_>> {
    settings::desk(&exchange.snapshot).ok_or_else(|| {
        s3::Error::new(ErrorCode::NotImplemented)
            .with_message("Encryption of buckets needs `state` in the gateway's configuration.")
            .into()
    })
}

/// A bucket is set to nothing that its rule does not allow. Whether there is the key is found out
/// when it is needed, as with S3.
fn allowed(permit: &Permit, to: &BucketEncryption) -> Result<()> {
    let mode = settings::setting(to).sse;
    if permit.allows(mode) {
        return Ok(());
    }
    Err(s3::Error::new(ErrorCode::AccessDenied)
        .with_message(format!(
            "Access Denied: rule `{}` does not allow server-side encryption `{}`.",
            permit.rule(),
            mode.name()
        ))
        .into())
}

/// What is done when nothing is set, where the rule does it and says so.
fn default(permit: &Permit, compatibility: Compatibility) -> Option<BucketEncryption> {
    let told = permit.tells_default() && permit.missing() == Missing::Inject;
    if !told || compatibility == Compatibility::Rgw {
        return None;
    }
    let encryption = permit.protection().sealing()?;
    Some(BucketEncryption {
        mode: match encryption.sse {
            Sse::Aes256 | Sse::Customer => SseMode::Aes256,
            Sse::Kms => SseMode::Kms,
            Sse::Dsse => SseMode::Dsse,
        },
        key_id: encryption.key_id.clone(),
        project: None,
        sm4: encryption.algorithm == Algorithm::Sm4 && encryption.sse.names_keys(),
        bucket_key: encryption.bucket_key && encryption.sse == Sse::Kms,
        blocks_customer_keys: false,
    })
}

const fn not_configured(dialect: Dialect) -> ErrorCode {
    match dialect {
        Dialect::S3 => ErrorCode::ServerSideEncryptionConfigurationNotFound,
        Dialect::Obs => ErrorCode::NoSuchEncryptionConfiguration,
    }
}

/// Whether the bucket is there, or the refusal.
async fn exists(exchange: &Exchange, bucket: &BucketName) -> Result<Result<(), Answer>> {
    let head = Outgoing::new(Method::HEAD, &Target::Bucket(bucket.clone()));
    let backend = &exchange.snapshot.backend;
    let answer = backend.ask(&head, &Bytes::new(), ANSWER_BYTES_MAX).await?;
    match answer.status {
        status if status.is_success() => Ok(Ok(())),
        StatusCode::NOT_FOUND => Err(s3::Error::new(ErrorCode::NoSuchBucket).into()),
        _ => Ok(Err(answer)),
    }
}
