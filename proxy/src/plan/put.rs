//! `PutObject`: the object's head, and the order to seal its body.

use crypto::PlainLen;
use crypto::SealedLen;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use policy::Permit;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::SseAsked;

use super::Cipher;
use super::Demand;
use super::Objects;
use super::Outgoing;
use super::Plan;
use super::Reply;
use super::RequestBody;
use super::SealOrder;
use super::conditions;
use super::headers;
use super::headers::Kind;
use super::place;
use crate::call::Call;

/// The largest object that one PUT may store, bytes: what S3 takes, and the backend sees the
/// sealed length.
const SINGLE_PUT_BYTES_MAX: u64 = 5 << 30;

/// How `object` is to be sealed, or nothing where the rule leaves it alone.
pub(super) fn order(
    permit: &Permit,
    bucket: &BucketName,
    object: &ObjectName,
    plain_len: u64,
    cipher: Option<Cipher>,
) -> Result<Option<SealOrder>, s3::Error> {
    let Some(cipher) = cipher else {
        within_limit(plain_len, plain_len)?;
        return Ok(None);
    };
    let sealed_len = crypto::whole_sealed_len(PlainLen(plain_len)).unwrap_or(SealedLen(u64::MAX));
    within_limit(plain_len, sealed_len.0)?;
    Ok(Some(SealOrder {
        place: place(permit, bucket, object),
        cipher,
        plain_len: PlainLen(plain_len),
        sealed_len,
        etag: permit.etag(),
    }))
}

/// With what new data is sealed, if it is.
pub(super) fn cipher(permit: &Permit, headers: &HeaderMap) -> Result<Option<Cipher>, s3::Error> {
    let Some(encryption) = permit.protection().sealing() else {
        return Ok(None);
    };
    let context = if encryption.sse.names_keys() {
        SseAsked::read(headers)?.context()?
    } else {
        None
    };
    Ok(Some(Cipher {
        encryption: encryption.clone(),
        context,
    }))
}

/// The upload as the backend gets it.
pub(super) fn plan(
    call: &Call,
    headers: &HeaderMap,
    plain_len: u64,
    order: Option<SealOrder>,
    permit: &Permit,
) -> Result<Plan, s3::Error> {
    let mut outgoing = Outgoing::new(Method::PUT, &call.target);
    outgoing.headers = headers::forward(headers, Kind::Upload)?;
    if let Some(encoding) = s3::storable_content_encoding(headers) {
        outgoing
            .headers
            .insert(header::CONTENT_ENCODING, value(&encoding)?);
    }
    conditions::copy(headers, &mut outgoing.headers, Objects::of(permit));
    let demand = Demand::of(permit, headers);
    if let Some(demand) = &demand {
        demand.put(&mut outgoing.headers);
    }
    let stored = order.as_ref().map_or(plain_len, |order| order.sealed_len.0);
    outgoing
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(stored));
    Ok(if let Some(order) = order {
        let body = RequestBody::Seal(order.clone());
        Plan {
            outgoing,
            body,
            reply: Reply::Sealed(order),
            demand,
        }
    } else {
        copy_digests(headers, &mut outgoing.headers);
        Plan {
            outgoing,
            body: RequestBody::Relay { plain_len },
            reply: Reply::Relay,
            demand,
        }
    })
}

pub(super) fn copy_digests(from: &HeaderMap, to: &mut HeaderMap) {
    for name in headers::DIGESTS {
        if let Some(value) = from.get(*name) {
            to.insert(*name, value.clone());
        }
    }
}

fn within_limit(plain_len: u64, stored: u64) -> Result<(), s3::Error> {
    if stored <= SINGLE_PUT_BYTES_MAX {
        return Ok(());
    }
    Err(s3::Error::new(ErrorCode::EntityTooLarge)
        .with_detail("ProposedSize", plain_len.to_string())
        .with_detail("MaxSizeAllowed", SINGLE_PUT_BYTES_MAX.to_string()))
}

fn value(text: &str) -> Result<HeaderValue, s3::Error> {
    HeaderValue::try_from(text).map_err(|_| s3::Error::new(ErrorCode::InvalidArgument))
}
