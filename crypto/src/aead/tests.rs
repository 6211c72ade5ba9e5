#![allow(clippy::unwrap_used)]

use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit as _;
use aes_gcm::aead::Aead as _;
use aes_gcm::aead::Payload;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

/// RFC 8998 A.1.
#[test]
fn sm4_gcm_is_that_of_rfc_8998() {
    let key = hex("0123456789ABCDEFFEDCBA9876543210");
    let nonce: [u8; 12] = hex("00001234567800000000ABCD").try_into().unwrap();
    let aad = hex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
    let plain = hex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD\
         EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
    );
    let sealed = hex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735\
         D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D",
    );
    let tag = hex("83DE3541E4C2B58177E065A9BF7B62EC");
    let cipher = Cipher::new(Suite::Sm4Gcm, &key);
    let mut in_out = plain.clone();
    assert_eq!(cipher.seal(nonce, &aad, &mut in_out).unwrap().to_vec(), tag);
    assert_eq!(in_out, sealed);
    cipher.open(nonce, &aad, &mut in_out, &tag).unwrap();
    assert_eq!(in_out, plain);
}

#[test]
fn aes_gcm_is_that_of_another_implementation() {
    let oracle = Aes256Gcm::new_from_slice(&[7; 32]).unwrap();
    let cipher = Cipher::new(Suite::Aes256Gcm, &[7; 32]);
    for len in (0..300).chain([4096, 65_535, 65_536, 65_537]) {
        let plain: Vec<u8> = (0..=250).cycle().take(len).collect();
        let payload = Payload {
            msg: &plain,
            aad: b"aad",
        };
        let expected = oracle.encrypt(&[9; 12].into(), payload).unwrap();
        let mut sealed = plain.clone();
        let tag = cipher.seal([9; 12], b"aad", &mut sealed).unwrap();
        assert_eq!([&sealed[..], &tag].concat(), expected, "{len}");
    }
}

#[test]
fn both_ways_of_opening_agree() {
    for suite in Suite::ALL {
        let cipher = Cipher::new(suite, &[7; 32][..suite.key_len()]);
        let mut sealed = vec![3; 1000];
        let tag = cipher.seal([9; 12], b"aad", &mut sealed).unwrap();
        let mut apart = vec![0; 1000];
        cipher
            .open_to([9; 12], b"aad", &sealed, &tag, &mut apart)
            .unwrap();
        assert_eq!(apart, [3; 1000]);
        for (nonce, aad, flip) in [(8, &b"aad"[..], 0), (9, b"aab", 0), (9, b"aad", 1)] {
            let mut altered = sealed.clone();
            altered[500] ^= flip;
            let nonce = [nonce; 12];
            assert_eq!(
                cipher.open_to(nonce, aad, &altered, &tag, &mut apart),
                Err(Refused)
            );
            assert_eq!(cipher.open(nonce, aad, &mut altered, &tag), Err(Refused));
        }
        assert_eq!(
            cipher.open([9; 12], b"aad", &mut sealed, &tag[..15]),
            Err(Refused)
        );
    }
}

#[test]
fn what_is_shorter_than_a_tag_does_not_open() {
    let dek = crate::keys::Dek::new([1; 32]);
    let key = SegmentKey::of_whole(&dek, Suite::Sm4Gcm, crate::size::PlainLen(1)).unwrap();
    let altered = Err(crate::error::Error::ChunkAltered { chunk: 3 });
    assert_eq!(key.open_chunk(3, &mut vec![0; 15]), altered.clone());
    assert_eq!(key.open_chunk_from(3, &[0; 15]).map(|_| ()), altered);
}
