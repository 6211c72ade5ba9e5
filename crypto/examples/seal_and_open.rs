//! The smallest use: one object under a customer's key, sealed and opened in memory.

use crypto::Context;
use crypto::CustomerKey;
use crypto::Dek;
use crypto::Digests;
use crypto::EnvelopeDraft;
use crypto::EnvelopeText;
use crypto::Error;
use crypto::Foot;
use crypto::KeySource;
use crypto::Layout;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::Sse;
use crypto::Suite;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;

const CONTEXT: Context<'_> = Context {
    bucket: "photos",
    object: "2026/ember.jpg",
};

fn main() -> Result<(), Error> {
    let customer = CustomerKey::new([7; 32]);
    let plain = b"a few bytes of plaintext";
    let (envelope, body) = seal(&customer, plain)?;
    println!(
        "sealgate: {}\nsealgate-mac: {}\nbody: {} bytes",
        envelope.json,
        envelope.mac,
        body.len()
    );
    let opened = open(&customer, &envelope, &body)?;
    println!("opened: {}", String::from_utf8_lossy(&opened));
    Ok(())
}

fn seal(customer: &CustomerKey, plain: &[u8]) -> Result<(EnvelopeText, Vec<u8>), Error> {
    // In earnest both are random, and new for every attempt to send an object.
    let (dek, salt) = (Dek::new([1; 32]), [2; 16]);
    let size = PlainLen(plain.len() as u64);
    let draft = EnvelopeDraft {
        suite: Suite::Aes256Gcm,
        layout: Layout::Whole,
        sse: Sse::Customer,
        key_id: None,
        project: None,
        bucket_key: false,
        encryption_context: None,
        by: KeySource::Customer,
        size: Some(size),
        digests: Digests::default(),
        foot: Foot::default(),
    };
    let envelope = draft.seal(&dek, &WrappingKey::Customer(customer), &CONTEXT, salt)?;
    let mut body = Vec::new();
    let mut sealer = Sealer::whole(&dek, Suite::Aes256Gcm, size)?;
    sealer.push(plain, &mut |piece| body.extend(piece))?;
    sealer.finish(&Digests::default(), &mut |piece| body.extend(piece))?;
    Ok((envelope, body))
}

fn open(customer: &CustomerKey, text: &EnvelopeText, body: &[u8]) -> Result<Vec<u8>, Error> {
    let unverified = UnverifiedEnvelope::parse(&text.json, &text.mac)?;
    let envelope = unverified.verify(&WrappingKey::Customer(customer), &CONTEXT)?;
    let mut plain = Vec::new();
    let mut opener = Opener::of(&envelope)?;
    opener.push(body, &mut |piece| plain.extend(piece))?;
    opener.finish(&mut |piece| plain.extend(piece))?;
    Ok(plain)
}
