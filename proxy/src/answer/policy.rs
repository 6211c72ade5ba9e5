//! Policies of buckets that test how clients ask for encryption: the statements that do are judged
//! here, the backend gets the others, and who asks for the policy gets the whole.

use bytes::Bytes;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use s3::BucketPolicy;
use s3::ErrorCode;
use s3::Operation;
use s3::Target;

use super::ANSWER_BYTES_MAX;
use super::relay;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::receive::Answered;
use crate::settings;
use crate::settings::Policy;

/// Answers a call on a policy; nothing where the backend alone is concerned.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    outgoing: &Outgoing,
    body: &Bytes,
) -> Result<Option<Answer>> {
    let Target::Bucket(bucket) = &answered.call.target else {
        return Ok(None);
    };
    let bucket = bucket.as_str();
    let kept = &exchange.snapshot.settings.policies;
    let desk = settings::desk(&exchange.snapshot);
    let before = match desk {
        Some(desk) => kept.of(desk, bucket).await?,
        None => None,
    };
    match (answered.call.operation, before, desk) {
        (Operation::GetBucketPolicy, Some(policy), _) => {
            let mut answer = Answer::empty();
            let json = HeaderValue::from_static("application/json");
            answer.headers.insert(header::CONTENT_TYPE, json);
            let body = Bytes::from(policy.document.clone());
            Ok(Some(Answer { body, ..answer }))
        }
        (Operation::DeleteBucketPolicy, Some(_), Some(desk)) => {
            let answer = remove(exchange, outgoing).await?;
            if answer.status.is_success() {
                kept.clear(desk, bucket).await?;
            }
            Ok(Some(answer))
        }
        (Operation::PutBucketPolicy, before, desk) => {
            let parsed = BucketPolicy::parse(body)?;
            match (parsed.judges(), before.is_some(), desk) {
                (false, false, _) => Ok(None),
                (false, true, Some(desk)) => {
                    let answer = relay(exchange, outgoing.clone(), body).await?;
                    if answer.status.is_success() {
                        kept.clear(desk, bucket).await?;
                    }
                    Ok(Some(answer))
                }
                (_, _, None) => Err(s3::Error::new(ErrorCode::NotImplemented)
                    .with_message(
                        "Policies that test encryption need `state` in the gateway's configuration.",
                    )
                    .into()),
                (true, _, Some(desk)) => {
                    let rest = parsed.rest.clone().map(Bytes::from);
                    let document = String::from_utf8(body.to_vec());
                    let document = document.map_err(|_| Error::Internal("policy is no text"))?;
                    let policy = Policy { document, parsed };
                    // What denies comes into force first: for a moment too much is denied, never
                    // too little.
                    kept.put(desk, bucket, policy).await?;
                    let answer = match rest {
                        Some(rest) => relay(exchange, outgoing.clone(), &rest).await?,
                        None => remove(exchange, outgoing).await?,
                    };
                    if answer.status.is_success() {
                        return Ok(Some(Answer {
                            status: StatusCode::NO_CONTENT,
                            ..Answer::empty()
                        }));
                    }
                    match before {
                        Some(before) => kept.put(desk, bucket, (*before).clone()).await?,
                        None => kept.clear(desk, bucket).await?,
                    }
                    Ok(Some(answer))
                }
            }
        }
        _ => Ok(None),
    }
}

/// Removes the backend's part. Where there is none, or the backend knows no policies, it is gone.
async fn remove(exchange: &Exchange, outgoing: &Outgoing) -> Result<Answer> {
    let mut delete = outgoing.clone();
    delete.method = Method::DELETE;
    let backend = &exchange.snapshot.backend;
    let answer = backend
        .ask(&delete, &Bytes::new(), ANSWER_BYTES_MAX)
        .await?;
    let code = s3::xml::error::code(&answer.body);
    let none = code.is_some_and(|code| code == "NoSuchBucketPolicy");
    if none || answer.status == StatusCode::NOT_IMPLEMENTED {
        return Ok(Answer {
            status: StatusCode::NO_CONTENT,
            ..Answer::empty()
        });
    }
    Ok(answer)
}
