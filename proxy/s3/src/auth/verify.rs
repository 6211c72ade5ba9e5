//! Verifying the signature in a request's head.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::Error;
use crate::ErrorCode;
use crate::Frames;
use crate::Head;
use crate::Payload;
use crate::SecretKey;
use crate::SigningKey;
use crate::auth::FrameSeed;
use crate::auth::authorization::Authorization;
use crate::auth::authorization::malformed;
use crate::auth::canonical;
use crate::auth::canonical::Canonical;
use crate::auth::mechanism;
use crate::auth::mechanism::Mechanism;
use crate::auth::payload::Keyword;
use crate::auth::payload::UNSIGNED_PAYLOAD;
use crate::auth::presigned;
use crate::auth::presigned::Presigned;
use crate::auth::scope;
use crate::auth::scope::Scope;
use crate::auth::v2;
use crate::auth::verified::Expectation;
use crate::auth::verified::Verified;
use crate::header;

/// Verifies the signature of `head`, if it has one; `secrets` finds the secret of an access key.
///
/// Errors, in the order they are looked for: those of a signature of another kind
/// or malformed; `AccessDenied` without a usable date; `AuthorizationHeaderMalformed` or
/// `AuthorizationQueryParametersError` for another day or region; `InvalidAccessKeyId`;
/// `RequestTimeTooSkewed`, or `AccessDenied` for a URL whose time is over; `InvalidRequest` for
/// headers given twice; those of `x-amz-content-sha256`; `AccessDenied` for `x-amz-*` headers outside
/// the signature; `SignatureDoesNotMatch`; `InvalidToken` for a session token, which no configured
/// key has.
pub fn verify(
    head: &Head<'_>,
    secrets: Secrets<'_, '_>,
    expect: &Expectation<'_>,
) -> Result<Verified, Error> {
    match Mechanism::of(head)? {
        Mechanism::Header(authorization) => {
            let time = scope::time_of(head.headers)?;
            scope_fits(&authorization.scope, time, expect)?;
            let secret = secret_of(&authorization.access_key, secrets)?;
            time_is_near(time, expect)?;
            let payload =
                header::single(head.headers, header::CONTENT_SHA256)?.ok_or_else(|| {
                    Error::new(ErrorCode::InvalidRequest).with_message(
                        "Missing required header for this request: x-amz-content-sha256",
                    )
                })?;
            version_4(head, authorization, time, payload, secret)
        }
        Mechanism::Presigned(presigned) => {
            let Presigned {
                authorization,
                time,
                payload,
                raw_query,
                ..
            } = &*presigned;
            scope_fits(&authorization.scope, *time, expect).map_err(in_query)?;
            let secret = secret_of(&authorization.access_key, secrets)?;
            presigned.is_good(expect.now, expect.limits.skew_max)?;
            let head = Head { raw_query, ..*head };
            version_4(&head, authorization.clone(), *time, payload, secret)
        }
        Mechanism::Version2(signature) => version_2(head, &signature, secrets, expect),
        Mechanism::None => anonymous(head),
    }
}

/// Finds the secret of an access key.
pub(super) type Secrets<'s, 'c> = &'s dyn Fn(&str) -> Option<&'c SecretKey>;

pub(super) fn secret_of<'c>(
    access_key: &str,
    secrets: Secrets<'_, 'c>,
) -> Result<&'c SecretKey, Error> {
    secrets(access_key).ok_or_else(|| {
        Error::new(ErrorCode::InvalidAccessKeyId).with_detail("AWSAccessKeyId", access_key)
    })
}

/// What is wrong with a credential, said of a presigned URL.
pub(super) fn in_query(error: Error) -> Error {
    let message = error.message.replacen(
        "The authorization header is malformed;",
        "Error parsing the X-Amz-Credential parameter;",
        1,
    );
    Error {
        code: ErrorCode::AuthorizationQueryParametersError,
        message,
        ..error
    }
}

/// No configured key has a session token.
fn without_token(head: &Head<'_>) -> Result<(), Error> {
    let in_header = header::TOKENS
        .iter()
        .any(|name| head.headers.contains_key(*name));
    let in_query = mechanism::has_any(head.raw_query, &header::TOKENS);
    if in_header || in_query {
        return Err(Error::new(ErrorCode::InvalidToken));
    }
    Ok(())
}

fn version_4(
    head: &Head<'_>,
    authorization: Authorization,
    time: OffsetDateTime,
    payload: &str,
    secret: &SecretKey,
) -> Result<Verified, Error> {
    let keyword = payload_of(head, payload)?;
    everything_counts(head, |name| {
        // Sorted, and as many as a header can hold.
        let signed = &authorization.signed_headers;
        signed
            .binary_search_by(|signed| signed.as_str().cmp(name))
            .is_ok()
    })?;
    let key = SigningKey::derive(
        secret,
        &authorization.scope.date,
        &authorization.scope.region,
    );
    let timestamp = scope::render_time(time);
    signature_matches(head, &authorization, payload, &key, &timestamp)?;
    without_token(head)?;
    let Authorization {
        access_key,
        scope,
        signature,
        ..
    } = authorization;
    let payload = match keyword {
        Keyword::Unsigned => Payload::Unsigned,
        Keyword::Sha256(hash) => Payload::Sha256(hash),
        Keyword::Frames { signed, trailer } => Payload::Frames(Frames {
            seed: signed.then(|| {
                Arc::new(FrameSeed {
                    key,
                    timestamp,
                    scope,
                    signature,
                })
            }),
            trailer,
        }),
    };
    Ok(Verified::signed(access_key, payload))
}

fn version_2(
    head: &Head<'_>,
    signature: &v2::Signature,
    secrets: Secrets<'_, '_>,
    expect: &Expectation<'_>,
) -> Result<Verified, Error> {
    let end = signature.end()?;
    let time = match end {
        None => Some(scope::time_of_version_2(head.headers)?),
        Some(_) => None,
    };
    let secret = secret_of(&signature.access_key, secrets)?;
    if let Some(end) = end.filter(|end| *end < expect.now) {
        return Err(presigned::expired(end, expect.now));
    }
    if let Some(time) = time {
        time_is_near(time, expect)?;
    }
    // All x-amz-* headers are signed, and none of OBS's.
    everything_counts(head, |name| name.starts_with("x-amz-"))?;
    let payload = unsigned_payload(head)?;
    signature.verify(head, expect.host_bucket, secret)?;
    without_token(head)?;
    Ok(Verified::signed(signature.access_key.clone(), payload))
}

/// Nobody signed. Headers given twice are refused all the same.
fn anonymous(head: &Head<'_>) -> Result<Verified, Error> {
    everything_counts(head, |_| true)?;
    let payload = unsigned_payload(head)?;
    without_token(head)?;
    Ok(Verified::anonymous(payload))
}

/// What is said of the body where no signature chains its frames.
fn unsigned_payload(head: &Head<'_>) -> Result<Payload, Error> {
    let payload = header::single(head.headers, header::CONTENT_SHA256)?;
    match payload_of(head, payload.unwrap_or(UNSIGNED_PAYLOAD))? {
        Keyword::Unsigned => Ok(Payload::Unsigned),
        Keyword::Sha256(hash) => Ok(Payload::Sha256(hash)),
        Keyword::Frames {
            signed: false,
            trailer,
        } => Ok(Payload::Frames(Frames {
            seed: None,
            trailer,
        })),
        Keyword::Frames { signed: true, .. } => Err(frames_do_not_fit()),
    }
}

/// Whether a credential is for the day of `time` and the expected region.
pub(super) fn scope_fits(
    scope: &Scope,
    time: OffsetDateTime,
    expect: &Expectation<'_>,
) -> Result<(), Error> {
    let timestamp = scope::render_time(time);
    if timestamp.get(..8) != Some(&*scope.date) {
        return Err(malformed(&format!(
            "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{timestamp}\"",
            scope.date,
        )));
    }
    if expect.region != "*" && expect.region != scope.region {
        let message = format!(
            "The authorization header is malformed; the region '{}' is wrong; expecting '{}'",
            scope.region, expect.region,
        );
        return Err(Error::new(ErrorCode::AuthorizationHeaderMalformed)
            .with_message(message)
            .with_detail("Region", expect.region));
    }
    Ok(())
}

fn time_is_near(time: OffsetDateTime, expect: &Expectation<'_>) -> Result<(), Error> {
    let skew_max = expect.limits.skew_max;
    if (expect.now - time).abs() <= skew_max {
        return Ok(());
    }
    Err(Error::new(ErrorCode::RequestTimeTooSkewed)
        .with_detail("RequestTime", scope::render_time(time))
        .with_detail("ServerTime", scope::render_server_time(expect.now))
        .with_detail(
            "MaxAllowedSkewMilliseconds",
            skew_max.whole_milliseconds().to_string(),
        ))
}

fn payload_of(head: &Head<'_>, value: &str) -> Result<Keyword, Error> {
    let keyword = Keyword::parse(value)?;
    // Only PutObject and UploadPart take frames.
    if matches!(keyword, Keyword::Frames { .. }) && head.method != http::Method::PUT {
        return Err(frames_do_not_fit());
    }
    Ok(keyword)
}

fn frames_do_not_fit() -> Error {
    Error::new(ErrorCode::InvalidRequest)
        .with_message("The value of x-amz-content-sha256 header is invalid.")
}

/// No header that could change the request's meaning is ambiguous or outside the signature.
pub(super) fn everything_counts(
    head: &Head<'_>,
    is_signed: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    header::single(head.headers, "host")?;
    header::single(head.headers, "content-length")?;
    let mut unsigned: Vec<&str> = head
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") || name.starts_with("x-obs-"))
        .filter(|name| !is_signed(name))
        .collect();
    if unsigned.is_empty() {
        return Ok(());
    }
    unsigned.sort_unstable();
    Err(Error::new(ErrorCode::AccessDenied)
        .with_message("There were headers present in the request which were not signed")
        .with_detail("HeadersNotSigned", unsigned.join(", ")))
}

fn signature_matches(
    head: &Head<'_>,
    authorization: &Authorization,
    payload: &str,
    key: &SigningKey,
    timestamp: &str,
) -> Result<(), Error> {
    let Authorization {
        access_key,
        scope,
        signed_headers,
        signature,
    } = authorization;
    let all_sent = signed_headers
        .iter()
        .all(|name| head.headers.contains_key(name));
    let mut first = None;
    for (path, query) in canonical::targets(head) {
        let canonical = Canonical {
            path,
            query,
            signed_headers,
            payload,
        };
        let text = scope::string_to_sign(timestamp, scope, &canonical.sha256(head));
        if key.verify(&text, signature) && all_sent {
            return Ok(());
        }
        first.get_or_insert((canonical, text));
    }
    let (canonical, text) = first
        .map(|(canonical, text)| (canonical.masked(head), text))
        .unwrap_or_default();
    Err(Error::new(ErrorCode::SignatureDoesNotMatch)
        .with_detail("AWSAccessKeyId", &**access_key)
        .with_detail("StringToSign", text)
        .with_detail("CanonicalRequest", canonical))
}
