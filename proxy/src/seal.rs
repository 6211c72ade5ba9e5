//! Where plans and keys meet: a new seal for each attempt, and the envelope of what is stored.

use crypto::Dek;
use crypto::Digests;
use crypto::Envelope;
use crypto::EnvelopeDraft;
use crypto::EnvelopeText;
use crypto::KeySource;
use crypto::Layout;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::Sse;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use policy::EtagStyle;
use policy::KeyName;
use s3::Body;
use s3::Claims;
use s3::ErrorCode;
use s3::Payload;
use s3::Verified;

use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::kms::Keys;
use crate::plan::Cipher;
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

/// What opens and seals objects in one call: the configured keys, and the one that the client
/// brought.
#[derive(Clone, Copy)]
pub struct Ring<'a> {
    /// The configured keys.
    pub keys: &'a Keys,
    /// The client's own.
    pub customer: Option<&'a s3::CustomerKey>,
    /// How a wrong key of the client's is refused.
    pub wrong_key: ErrorCode,
}

impl<'a> Ring<'a> {
    /// Without a key of the client's.
    #[must_use]
    pub fn of(keys: &'a Keys) -> Self {
        Self {
            keys,
            customer: None,
            wrong_key: ErrorCode::AccessDenied,
        }
    }
}

/// The request of a new attempt at an upload, and what the client's body goes through on its way;
/// nothing where the plan has no body. `client` are the headers that speak of the body.
pub fn upload(
    plan: &Plan,
    verified: &Verified,
    client: &HeaderMap,
    ring: Ring<'_>,
) -> Result<(Outgoing, Option<Upload>)> {
    let mut outgoing = plan.outgoing.clone();
    let upload = match &plan.body {
        RequestBody::Empty => None,
        RequestBody::Relay { .. } => {
            let body = Body::expect(verified, client)?;
            if body.plain_len() == 0 && !matches!(verified.payload(), Payload::Frames(_)) {
                // Nothing of it could be withheld later.
                Body::expect(verified, client)?.finish()?;
            }
            Some(Upload::relay(body))
        }
        RequestBody::Seal(order) => {
            let mut body = Body::expect(verified, client)?;
            if order.etag == EtagStyle::Md5 {
                body = body.with_md5();
            }
            let attempt = attempt(order, body.claims(), ring)?;
            enclose(&mut outgoing, &attempt.envelope)?;
            let upload = Upload::seal(body, attempt.sealer, attempt.foot);
            Some(upload.with_etag(order.etag))
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
pub fn attempt(order: &SealOrder, claims: &Claims, ring: Ring<'_>) -> Result<Attempt> {
    let foot = Foot {
        md5: order.etag == EtagStyle::Md5 && claims.content_md5.is_none(),
        sum: claims.trailer.is_some(),
    };
    let digests = digests(claims);
    whole(order, digests, foot, ring)
}

/// Begins a copy that is sealed anew. What is known of the source's bytes is known of the copy's;
/// `sums`: but its checksum is made anew.
pub fn copy(
    order: &SealOrder,
    source: Option<&Envelope>,
    sums: bool,
    ring: Ring<'_>,
) -> Result<Attempt> {
    let source = source.filter(|source| source.layout() == Layout::Whole);
    let mut digests = source.map(Envelope::digests).unwrap_or_default();
    let crypto::Foot { md5, mut sum } = source.map(Envelope::foot).unwrap_or_default();
    if sums {
        digests.sum = None;
        sum = true;
    }
    let wants_md5 = order.etag == EtagStyle::Md5 && digests.md5.is_none();
    let md5 = md5 || wants_md5;
    whole(order, digests, Foot { md5, sum }, ring)
}

fn whole(order: &SealOrder, digests: Digests, foot: Foot, ring: Ring<'_>) -> Result<Attempt> {
    let dek = new_dek()?;
    let contents = Contents {
        layout: Layout::Whole,
        size: Some(order.plain_len),
        digests,
        foot: crypto::Foot {
            md5: foot.md5,
            sum: foot.sum,
        },
    };
    let envelope = envelope(contents, &dek, &order.place, &order.cipher, ring)?;
    let sealer = Sealer::whole(&dek, order.cipher.suite(), order.plain_len)?;
    Ok(Attempt {
        envelope,
        sealer,
        foot,
    })
}

/// Verifies an envelope with the key that it names, or with the client's own.
pub fn verify(envelope: UnverifiedEnvelope, place: &Place, ring: Ring<'_>) -> Result<Envelope> {
    if envelope.sse() == Sse::Customer {
        let Some(customer) = ring.customer else {
            return Err(s3::Error::new(ErrorCode::InvalidRequest)
                .with_message(KEY_NEEDED)
                .into());
        };
        let wrong = || Error::from(s3::wrong_key(ring.wrong_key));
        let key = customer_key(customer).ok_or_else(wrong)?;
        let opened = envelope.verify(&WrappingKey::Customer(&key), &place.context());
        return opened.map_err(|error| match error {
            crypto::Error::KeyBlob => wrong(),
            other => other.into(),
        });
    }
    if ring.customer.is_some() {
        return Err(no_customer_key().into());
    }
    let name = envelope
        .key_name()
        .and_then(|name| KeyName::parse(name).ok());
    let (Some(name), Some(blob)) = (name, envelope.bucket_key()) else {
        return Err(crypto::Error::EnvelopeMalformed("no name of a key").into());
    };
    let key = ring
        .keys
        .unwrap(&name, blob, &place.bucket, envelope.suite());
    let key = key.map_err(|source| Error::Key { name, source })?;
    Ok(envelope.verify(&WrappingKey::Bucket(&key), &place.context())?)
}

/// The client brought a key for an object that is not under one.
#[must_use]
pub fn no_customer_key() -> s3::Error {
    s3::Error::new(ErrorCode::InvalidRequest)
        .with_message("The encryption parameters are not applicable to this object.")
}

fn customer_key(key: &s3::CustomerKey) -> Option<crypto::CustomerKey> {
    key.expose().map(|bytes| crypto::CustomerKey::new(*bytes))
}

const KEY_NEEDED: &str = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.";

/// Puts an envelope into the metadata of an upload.
pub fn enclose(outgoing: &mut Outgoing, envelope: &EnvelopeText) -> Result<()> {
    set(outgoing, ENVELOPE, &envelope.json)?;
    set(outgoing, ENVELOPE_MAC, &envelope.mac)
}

/// The key of a new multipart object, and its envelope.
pub fn begin(place: &Place, cipher: &Cipher, ring: Ring<'_>) -> Result<(Dek, EnvelopeText)> {
    let dek = new_dek()?;
    let contents = Contents {
        layout: Layout::Parts,
        size: None,
        digests: Digests::default(),
        foot: crypto::Foot::default(),
    };
    let envelope = envelope(contents, &dek, place, cipher, ring)?;
    Ok((dek, envelope))
}

/// The envelope of a copy whose body the backend takes over as it is: the same key of the object,
/// wrapped for another place. `size`: its plaintext bytes, proven.
pub fn moved(
    source: &Envelope,
    size: PlainLen,
    place: &Place,
    cipher: &Cipher,
    ring: Ring<'_>,
) -> Result<EnvelopeText> {
    let contents = Contents {
        layout: source.layout(),
        size: Some(size),
        digests: source.digests(),
        foot: source.foot(),
    };
    envelope(contents, source.dek(), place, cipher, ring)
}

/// What an envelope says of the bytes under it.
struct Contents {
    layout: Layout,
    size: Option<PlainLen>,
    digests: Digests,
    foot: crypto::Foot,
}

fn envelope(
    contents: Contents,
    dek: &Dek,
    place: &Place,
    cipher: &Cipher,
    ring: Ring<'_>,
) -> Result<EnvelopeText> {
    let encryption = &cipher.encryption;
    let mut draft = EnvelopeDraft {
        suite: cipher.suite(),
        layout: contents.layout,
        sse: match encryption.sse {
            policy::Sse::Aes256 => Sse::S3,
            policy::Sse::Kms => Sse::Kms,
            policy::Sse::Dsse => Sse::Dsse,
            policy::Sse::Customer => Sse::Customer,
        },
        key_id: encryption.key_id.clone(),
        project: encryption.project.clone(),
        bucket_key: encryption.bucket_key,
        encryption_context: cipher.context.clone(),
        by: KeySource::Customer,
        size: contents.size,
        digests: contents.digests,
        foot: contents.foot,
    };
    let salt = random()?;
    let context = place.context();
    let Some(name) = &encryption.key else {
        let key = ring.customer.and_then(customer_key);
        let key = key.ok_or(Error::Internal("no key of the client's"))?;
        let wrapping = WrappingKey::Customer(&key);
        return Ok(draft.seal(dek, &wrapping, &context, salt)?);
    };
    let wrapped = ring.keys.make(name, &place.bucket, cipher.suite());
    let wrapped = wrapped.map_err(|source| Error::Key {
        name: name.clone(),
        source,
    })?;
    draft.by = KeySource::Named {
        name: name.as_str().to_owned(),
        bucket_key: wrapped.blob,
    };
    let wrapping = WrappingKey::Bucket(&wrapped.key);
    Ok(draft.seal(dek, &wrapping, &context, salt)?)
}

fn new_dek() -> Result<Dek> {
    random().map(Dek::new)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    random::bytes().map_err(|_| Error::Internal("no randomness"))
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
        sum: sum.map(checksum::of_all),
    }
}
