//! Where plans and keys meet: a new seal for each attempt, and the envelope of what is stored.

use crypto::Dek;
use crypto::Digests;
use crypto::Envelope;
use crypto::EnvelopeDraft;
use crypto::EnvelopeText;
use crypto::KeySource;
use crypto::Layout;
use crypto::Sealer;
use crypto::Sse;
use crypto::Suite;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use policy::KeyName;
use s3::Body;
use s3::Claims;
use s3::Verified;

use crate::error::Error;
use crate::error::Result;
use crate::kms;
use crate::kms::Keys;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::Plan;
use crate::plan::RequestBody;
use crate::plan::SealOrder;
use crate::plan::headers::ENVELOPE;
use crate::plan::headers::ENVELOPE_MAC;
use crate::random;
use crate::transform::upload::Foot;
use crate::transform::upload::Upload;
use crate::transform::upload::checksum;

/// The request of a new attempt at an upload, and what the client's body goes through on its way;
/// nothing where the plan has no body. `client` are the headers that speak of the body.
pub fn upload(
    plan: &Plan,
    verified: &Verified,
    client: &HeaderMap,
    keys: &Keys,
) -> Result<(Outgoing, Option<Upload>)> {
    let mut outgoing = plan.outgoing.clone();
    let upload = match &plan.body {
        RequestBody::Empty => None,
        RequestBody::Relay { .. } => Some(Upload::relay(Body::expect(verified, client)?)),
        RequestBody::Seal(order) => {
            let body = Body::expect(verified, client)?;
            let attempt = attempt(order, body.claims(), keys)?;
            enclose(&mut outgoing, &attempt.envelope)?;
            Some(Upload::seal(body, attempt.sealer, attempt.foot))
        }
    };
    Ok((outgoing, upload))
}

/// One try at storing an object: its DEK is used for this body and never again, so that a retry
/// cannot seal other bytes under the same key and nonce.
pub struct Attempt {
    /// The two metadata entries.
    pub envelope: EnvelopeText,
    /// Seals the body.
    pub sealer: Sealer,
    /// What the footer will hold.
    pub foot: Foot,
}

/// Begins an attempt. `claims` are what the client said of its body in the head: they are kept in
/// the envelope, enciphered, and become true only if the body proves them.
pub fn attempt(order: &SealOrder, claims: &Claims, keys: &Keys) -> Result<Attempt> {
    let bucket = &order.place.bucket;
    let refused = |source| Error::Key {
        name: order.key.clone(),
        source,
    };
    let wrapped = keys
        .make(&order.key, bucket, order.suite)
        .map_err(refused)?;
    let dek = Dek::new(random::bytes().map_err(kms::Error::from).map_err(refused)?);
    let foot = Foot {
        md5: false,
        sum: claims.trailer.is_some(),
    };
    let draft = EnvelopeDraft {
        suite: order.suite,
        layout: Layout::Whole,
        sse: Sse::S3,
        key_id: None,
        project: None,
        bucket_key: false,
        encryption_context: None,
        by: KeySource::Named {
            name: order.key.as_str().to_owned(),
            bucket_key: wrapped.blob,
        },
        size: Some(order.plain_len),
        digests: digests(claims),
        foot: crypto::Foot {
            md5: false,
            sum: foot.sum,
        },
    };
    let salt = random::bytes().map_err(kms::Error::from).map_err(refused)?;
    let wrapping = WrappingKey::Bucket(&wrapped.key);
    let envelope = draft.seal(&dek, &wrapping, &order.place.context(), salt)?;
    let sealer = Sealer::whole(&dek, order.suite, order.plain_len)?;
    Ok(Attempt {
        envelope,
        sealer,
        foot,
    })
}

/// Verifies an envelope with the key that it names.
pub fn verify(envelope: UnverifiedEnvelope, place: &Place, keys: &Keys) -> Result<Envelope> {
    let name = envelope
        .key_name()
        .and_then(|name| KeyName::parse(name).ok());
    let (Some(name), Some(blob)) = (name, envelope.bucket_key()) else {
        return Err(s3::Error::new(s3::ErrorCode::NotImplemented)
            .with_message("The object is sealed with a customer key, which is not implemented.")
            .into());
    };
    let key = keys
        .unwrap(&name, blob, &place.bucket, envelope.suite())
        .map_err(|source| Error::Key { name, source })?;
    Ok(envelope.verify(&WrappingKey::Bucket(&key), &place.context())?)
}

/// Puts an envelope into the metadata of an upload.
pub fn enclose(outgoing: &mut Outgoing, envelope: &EnvelopeText) -> Result<()> {
    set(outgoing, ENVELOPE, &envelope.json)?;
    set(outgoing, ENVELOPE_MAC, &envelope.mac)
}

/// The key of a new multipart object, and its envelope.
pub fn begin(
    place: &Place,
    key: &KeyName,
    suite: Suite,
    keys: &Keys,
) -> Result<(Dek, EnvelopeText)> {
    let refused = |source| Error::Key {
        name: key.clone(),
        source,
    };
    let wrapped = keys.make(key, &place.bucket, suite).map_err(refused)?;
    let dek = Dek::new(random::bytes().map_err(kms::Error::from).map_err(refused)?);
    let draft = EnvelopeDraft {
        suite,
        layout: Layout::Parts,
        sse: Sse::S3,
        key_id: None,
        project: None,
        bucket_key: false,
        encryption_context: None,
        by: KeySource::Named {
            name: key.as_str().to_owned(),
            bucket_key: wrapped.blob,
        },
        size: None,
        digests: Digests::default(),
        foot: crypto::Foot::default(),
    };
    let salt = random::bytes().map_err(kms::Error::from).map_err(refused)?;
    let wrapping = WrappingKey::Bucket(&wrapped.key);
    let envelope = draft.seal(&dek, &wrapping, &place.context(), salt)?;
    Ok((dek, envelope))
}

fn set(outgoing: &mut Outgoing, name: &'static str, value: &str) -> Result<()> {
    let value =
        HeaderValue::try_from(value).map_err(|_| Error::Internal("envelope is no header"))?;
    outgoing
        .headers
        .insert(HeaderName::from_static(name), value);
    Ok(())
}

fn digests(claims: &Claims) -> Digests {
    let sum = claims.checksum.clone();
    Digests {
        md5: claims.content_md5,
        sum: sum.map(|(algorithm, value)| checksum(algorithm, value)),
    }
}
