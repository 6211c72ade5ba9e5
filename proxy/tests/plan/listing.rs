//! Listings in plaintext.

use s3::xml::list::Entry;
use sealgate::transform::listing::shown;

const HEX: &str = "0123456789abcdef0123456789abcdef";

fn size_and_etag(size: u64, etag: &str) -> Option<(u64, String)> {
    let entry = Entry {
        key: "k",
        size,
        etag,
        version_id: None,
    };
    shown(&entry).map(|shown| (shown.size, shown.etag))
}

#[test]
fn sizes_of_whole_objects_invert_sealing() {
    for plain in [0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_000] {
        let sealed = crypto::whole_sealed_len(crypto::PlainLen(plain)).unwrap();
        assert_eq!(
            size_and_etag(sealed.0, HEX),
            Some((plain, format!("{HEX}-0")))
        );
    }
}

#[test]
fn objects_of_several_segments_keep_their_etag() {
    let plain = crypto::PlainLen(5 << 20);
    let sealed = crypto::part_sealed_len(plain).unwrap();
    let Some(total) = crypto::parts_plain_len(crypto::SealedLen(sealed.0), 1) else {
        return assert_eq!(size_and_etag(sealed.0, &format!("{HEX}-1")), None);
    };
    let shown = size_and_etag(sealed.0, &format!("{HEX}-1"));
    assert_eq!(shown, Some((total.0, format!("{HEX}-1"))));
}

#[test]
fn what_cannot_be_sealed_is_shown_as_it_is_stored() {
    for size in [0, 1, 143, 145, 160] {
        assert_eq!(size_and_etag(size, HEX), None, "{size}");
    }
}
