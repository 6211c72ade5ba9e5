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
use crypto::Suite;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use policy::EtagStyle;
use policy::KeyName;
use s3::Body;
use s3::Claims;
use s3::Payload;
use s3::Verified;

use crate::checksum;
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
            let attempt = attempt(order, body.claims(), keys)?;
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
pub fn attempt(order: &SealOrder, claims: &Claims, keys: &Keys) -> Result<Attempt> {
    let foot = Foot {
        md5: order.etag == EtagStyle::Md5 && claims.content_md5.is_none(),
        sum: claims.trailer.is_some(),
    };
    let digests = digests(claims);
    whole(order, digests, foot, keys)
}

/// Begins a copy that is sealed anew. What is known of the source's bytes is known of the copy's;
/// `sums`: but its checksum is made anew.
pub fn copy(
    order: &SealOrder,
    source: Option<&Envelope>,
    sums: bool,
    keys: &Keys,
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
    whole(order, digests, Foot { md5, sum }, keys)
}

fn whole(order: &SealOrder, digests: Digests, foot: Foot, keys: &Keys) -> Result<Attempt> {
    let dek = new_dek(&order.key)?;
    let contents = Contents {
        suite: order.suite,
        layout: Layout::Whole,
        size: Some(order.plain_len),
        digests,
        foot: crypto::Foot {
            md5: foot.md5,
            sum: foot.sum,
        },
    };
    let envelope = envelope(contents, &dek, &order.place, &order.key, keys)?;
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
    let dek = new_dek(key)?;
    let contents = Contents {
        suite,
        layout: Layout::Parts,
        size: None,
        digests: Digests::default(),
        foot: crypto::Foot::default(),
    };
    let envelope = envelope(contents, &dek, place, key, keys)?;
    Ok((dek, envelope))
}

/// The envelope of a copy whose body the backend takes over as it is: the same key of the object,
/// wrapped for another place. `size`: its plaintext bytes, proven.
pub fn moved(
    source: &Envelope,
    size: PlainLen,
    place: &Place,
    key: &KeyName,
    keys: &Keys,
) -> Result<EnvelopeText> {
    let contents = Contents {
        suite: source.suite(),
        layout: source.layout(),
        size: Some(size),
        digests: source.digests(),
        foot: source.foot(),
    };
    envelope(contents, source.dek(), place, key, keys)
}

/// What an envelope says of the bytes under it.
struct Contents {
    suite: Suite,
    layout: Layout,
    size: Option<PlainLen>,
    digests: Digests,
    foot: crypto::Foot,
}

fn envelope(
    contents: Contents,
    dek: &Dek,
    place: &Place,
    key: &KeyName,
    keys: &Keys,
) -> Result<EnvelopeText> {
    let wrapped = keys
        .make(key, &place.bucket, contents.suite)
        .map_err(|source| refused(key, source))?;
    let draft = EnvelopeDraft {
        suite: contents.suite,
        layout: contents.layout,
        sse: Sse::S3,
        key_id: None,
        project: None,
        bucket_key: false,
        encryption_context: None,
        by: KeySource::Named {
            name: key.as_str().to_owned(),
            bucket_key: wrapped.blob,
        },
        size: contents.size,
        digests: contents.digests,
        foot: contents.foot,
    };
    let salt = random(key)?;
    let wrapping = WrappingKey::Bucket(&wrapped.key);
    Ok(draft.seal(dek, &wrapping, &place.context(), salt)?)
}

fn new_dek(key: &KeyName) -> Result<Dek> {
    random(key).map(Dek::new)
}

fn random<const N: usize>(key: &KeyName) -> Result<[u8; N]> {
    random::bytes().map_err(|error| refused(key, error.into()))
}

fn refused(key: &KeyName, source: kms::Error) -> Error {
    Error::Key {
        name: key.clone(),
        source,
    }
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
