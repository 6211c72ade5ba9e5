//! What every object costs before its first chunk, and a small object as a whole:
//! `cargo bench -p crypto --bench envelope`.
#![allow(clippy::unwrap_used)]

use crypto::BucketKey;
use crypto::Context;
use crypto::Dek;
use crypto::Digests;
use crypto::EnvelopeDraft;
use crypto::EnvelopeText;
use crypto::Foot;
use crypto::KeySource;
use crypto::Layout;
use crypto::MasterKey;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::Sse;
use crypto::Suite;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;
use divan::Bencher;
use divan::black_box;

const LEN: u64 = 64 << 10;
const CONTEXT: Context<'static> = Context {
    bucket: "bucket",
    object: "folder/name-of-an-object",
};
const DEK: Dek = Dek::new([7; 32]);
const BUCKET_KEY: BucketKey = BucketKey::new([3; 32]);
const MASTER: MasterKey = MasterKey::new([9; 32]);

fn main() {
    divan::main();
}

fn wrapped(suite: Suite) -> Vec<u8> {
    MASTER
        .wrap_bucket_key("2026-01", CONTEXT.bucket, suite, &BUCKET_KEY, [5; 16])
        .unwrap()
}

fn draft(suite: Suite) -> EnvelopeDraft {
    EnvelopeDraft {
        suite,
        layout: Layout::Whole,
        sse: Sse::S3,
        key_id: None,
        project: None,
        bucket_key: false,
        encryption_context: None,
        by: KeySource::Named {
            name: "main".to_owned(),
            bucket_key: wrapped(suite),
        },
        size: Some(PlainLen(LEN)),
        digests: Digests::default(),
        foot: Foot::default(),
    }
}

fn text(draft: EnvelopeDraft) -> EnvelopeText {
    let wrapping = WrappingKey::Bucket(&BUCKET_KEY);
    draft.seal(&DEK, &wrapping, &CONTEXT, [4; 16]).unwrap()
}

fn parsed(text: &EnvelopeText) -> UnverifiedEnvelope {
    UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap()
}

#[divan::bench(args = Suite::ALL)]
fn wrap_bucket_key(suite: Suite) -> Vec<u8> {
    wrapped(suite)
}

#[divan::bench(args = Suite::ALL)]
fn unwrap_bucket_key(bencher: Bencher, suite: Suite) {
    let blob = wrapped(suite);
    let unwrap = || MASTER.unwrap_bucket_key(black_box(&blob), CONTEXT.bucket, suite);
    bencher.bench_local(|| unwrap().unwrap());
}

#[divan::bench(args = Suite::ALL)]
fn seal(bencher: Bencher, suite: Suite) {
    bencher
        .with_inputs(|| draft(suite))
        .bench_local_values(text);
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let text = text(draft(Suite::Aes256Gcm));
    bencher.bench_local(|| parsed(black_box(&text)));
}

#[divan::bench(args = Suite::ALL)]
fn verify(bencher: Bencher, suite: Suite) {
    let text = text(draft(suite));
    let wrapping = WrappingKey::Bucket(&BUCKET_KEY);
    bencher
        .with_inputs(|| parsed(&text))
        .bench_local_values(|envelope| envelope.verify(&wrapping, &CONTEXT).unwrap());
}

/// From the two entries to the last plain byte, in pieces as a socket gives them.
#[divan::bench(args = [(Suite::Aes256Gcm, 0), (Suite::Aes256Gcm, LEN)])]
fn read(bencher: Bencher, (suite, len): (Suite, u64)) {
    let text = text(EnvelopeDraft {
        size: Some(PlainLen(len)),
        ..draft(suite)
    });
    let mut sealed = Vec::new();
    write(suite, len, &mut |piece| sealed.extend(piece));
    let wrapping = WrappingKey::Bucket(&BUCKET_KEY);
    bencher.bench_local(|| {
        let envelope = parsed(black_box(&text));
        let envelope = envelope.verify(&wrapping, &CONTEXT).unwrap();
        let mut opener = Opener::of(&envelope).unwrap();
        let mut sink = |plain: Vec<u8>| drop(black_box(plain));
        for piece in sealed.chunks(60_000) {
            opener.push(piece, &mut sink).unwrap();
        }
        opener.finish(&mut sink).unwrap();
    });
}

fn write(suite: Suite, len: u64, sink: &mut dyn FnMut(Vec<u8>)) {
    let mut sealer = Sealer::whole(&DEK, suite, PlainLen(len)).unwrap();
    for piece in vec![3; usize::try_from(len).unwrap()].chunks(60_000) {
        sealer.push(piece, sink).unwrap();
    }
    sealer.finish(&Digests::default(), sink).unwrap();
}
