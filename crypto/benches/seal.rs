//! Our chunks beside the raw cipher, and whole streams: `cargo bench -p crypto`.
//!
//! What to look at: `seal_chunk` and `open_chunk` stay within 10 % of `raw_seal` and `raw_open` of
//! the same run. The streams add one copy into the chunk buffer, at most.
#![allow(clippy::unwrap_used)]

use aes_gcm::AesGcm;
use aes_gcm::KeyInit as _;
use aes_gcm::aead::AeadInOut as _;
use aes_gcm::aead::consts::U12;
use aws_lc_rs::aead::AES_256_GCM;
use aws_lc_rs::aead::Aad;
use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::aead::Nonce;
use aws_lc_rs::aead::UnboundKey;
use crypto::Dek;
use crypto::Digests;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::SegmentKey;
use crypto::Suite;
use crypto::TAG_LEN;
use divan::Bencher;
use divan::counter::BytesCount;

const SIZES: [usize; 3] = [4 << 10, 64 << 10, 1 << 20];
const DEK: Dek = Dek::new([7; 32]);

fn main() {
    divan::main();
}

fn buffer(len: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(len + TAG_LEN);
    buffer.resize(len, 3);
    buffer
}

fn segment_key(suite: Suite, len: usize) -> SegmentKey {
    SegmentKey::of_whole(&DEK, suite, PlainLen(len as u64)).unwrap()
}

fn seal_chunk(bencher: Bencher, suite: Suite, len: usize) {
    let key = segment_key(suite, len);
    bencher
        .counter(BytesCount::new(len))
        .with_inputs(|| buffer(len))
        .bench_local_refs(|chunk| {
            key.seal_chunk(0, chunk).unwrap();
        });
}

fn open_chunk(bencher: Bencher, suite: Suite, len: usize) {
    let key = segment_key(suite, len);
    let mut sealed = buffer(len);
    key.seal_chunk(0, &mut sealed).unwrap();
    bencher
        .counter(BytesCount::new(len))
        .with_inputs(|| sealed.clone())
        .bench_local_refs(|chunk| {
            key.open_chunk(0, chunk).unwrap();
        });
}

/// Pieces as a socket gives them: what comes out is dropped like a buffer that was sent.
fn seal_stream(bencher: Bencher, suite: Suite, len: usize, piece: usize) {
    let plain = buffer(len);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let mut sealer = Sealer::whole(&DEK, suite, PlainLen(len as u64)).unwrap();
        let mut sink = |sealed: Vec<u8>| drop(divan::black_box(sealed));
        for piece in plain.chunks(piece) {
            sealer.push(piece, &mut sink).unwrap();
        }
        sealer.finish(&Digests::default(), &mut sink).unwrap();
    });
}

fn open_stream(bencher: Bencher, suite: Suite, len: usize, piece: usize) {
    let plain_len = PlainLen(len as u64);
    let mut sealed = Vec::new();
    let mut writer = Sealer::whole(&DEK, suite, plain_len).unwrap();
    writer
        .push(&buffer(len), &mut |piece| sealed.extend(piece))
        .unwrap();
    writer
        .finish(&Digests::default(), &mut |piece| sealed.extend(piece))
        .unwrap();
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let mut opener = Opener::whole(&DEK, suite, plain_len).unwrap();
        let mut sink = |plain: Vec<u8>| drop(divan::black_box(plain));
        for piece in sealed.chunks(piece) {
            opener.push(piece, &mut sink).unwrap();
        }
        opener.finish(&mut sink).unwrap();
    });
}

mod aes {
    use super::*;

    fn raw_key() -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap())
    }

    fn nonce() -> Nonce {
        Nonce::assume_unique_for_key([9; 12])
    }

    #[divan::bench(args = SIZES)]
    fn raw_seal(bencher: Bencher, len: usize) {
        let key = raw_key();
        bencher
            .counter(BytesCount::new(len))
            .with_inputs(|| buffer(len))
            .bench_local_refs(|chunk| {
                key.seal_in_place_append_tag(nonce(), Aad::empty(), chunk)
                    .unwrap();
            });
    }

    #[divan::bench(args = SIZES)]
    fn raw_open(bencher: Bencher, len: usize) {
        let key = raw_key();
        let mut sealed = buffer(len);
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed)
            .unwrap();
        bencher
            .counter(BytesCount::new(len))
            .with_inputs(|| sealed.clone())
            .bench_local_refs(|chunk| {
                key.open_in_place(nonce(), Aad::empty(), chunk).unwrap();
            });
    }

    #[divan::bench(args = SIZES)]
    fn seal_chunk(bencher: Bencher, len: usize) {
        super::seal_chunk(bencher, Suite::Aes256Gcm, len);
    }

    #[divan::bench(args = SIZES)]
    fn open_chunk(bencher: Bencher, len: usize) {
        super::open_chunk(bencher, Suite::Aes256Gcm, len);
    }

    #[divan::bench(args = [16 << 10, 64 << 10, 65_552])]
    fn seal_stream_8_mib_by(bencher: Bencher, piece: usize) {
        super::seal_stream(bencher, Suite::Aes256Gcm, 8 << 20, piece);
    }

    #[divan::bench(args = [16 << 10, 64 << 10, 8 << 20])]
    fn open_stream_8_mib_by(bencher: Bencher, piece: usize) {
        super::open_stream(bencher, Suite::Aes256Gcm, 8 << 20, piece);
    }
}

mod sm4 {
    use super::*;

    fn raw_key() -> AesGcm<::sm4::Sm4, U12> {
        AesGcm::new_from_slice(&[7; 16]).unwrap()
    }

    #[divan::bench(args = SIZES, sample_count = 10)]
    fn raw_seal(bencher: Bencher, len: usize) {
        let key = raw_key();
        bencher
            .counter(BytesCount::new(len))
            .with_inputs(|| buffer(len))
            .bench_local_refs(|chunk| {
                key.encrypt_inout_detached(&[9; 12].into(), &[], chunk.as_mut_slice().into())
                    .unwrap()
            });
    }

    #[divan::bench(args = SIZES, sample_count = 10)]
    fn raw_open(bencher: Bencher, len: usize) {
        let key = raw_key();
        let mut sealed = buffer(len);
        let nonce = [9; 12].into();
        let tag = key
            .encrypt_inout_detached(&nonce, &[], sealed.as_mut_slice().into())
            .unwrap();
        bencher
            .counter(BytesCount::new(len))
            .with_inputs(|| sealed.clone())
            .bench_local_refs(|chunk| {
                key.decrypt_inout_detached(&nonce, &[], chunk.as_mut_slice().into(), &tag)
                    .unwrap();
            });
    }

    #[divan::bench(args = SIZES, sample_count = 10)]
    fn seal_chunk(bencher: Bencher, len: usize) {
        super::seal_chunk(bencher, Suite::Sm4Gcm, len);
    }

    #[divan::bench(args = SIZES, sample_count = 10)]
    fn open_chunk(bencher: Bencher, len: usize) {
        super::open_chunk(bencher, Suite::Sm4Gcm, len);
    }

    #[divan::bench(sample_count = 10)]
    fn seal_stream_8_mib_by_64_kib(bencher: Bencher) {
        super::seal_stream(bencher, Suite::Sm4Gcm, 8 << 20, 64 << 10);
    }

    #[divan::bench(sample_count = 10)]
    fn open_stream_8_mib_by_64_kib(bencher: Bencher) {
        super::open_stream(bencher, Suite::Sm4Gcm, 8 << 20, 64 << 10);
    }
}
