//! Percent-encoding as S3 wants it: RFC 3986 unreserved characters stay, everything else becomes
//! `%XX` with upper-case digits (AWS, "Signature Calculations", function `UriEncode`).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use crate::hex;

const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &NAME.remove(b'/');

/// Encodes a name or value of a query.
pub fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, NAME).to_string()
}

/// Encodes a path; `/` stays.
pub fn encode_path(bytes: &[u8]) -> String {
    percent_encode(bytes, PATH).to_string()
}

/// Decodes once, to whatever bytes there are. A `%` that begins no escape stays as it is: this is
/// for canonical forms, where the signature decides; [`decode_strict`] is for meaning.
pub fn decode(text: &str) -> Cow<'_, [u8]> {
    percent_decode(text.as_bytes()).into()
}

/// Decodes once; `None` unless every escape is whole and the outcome is UTF-8.
pub fn decode_strict(text: &str) -> Option<Cow<'_, str>> {
    if !escapes_are_whole(text.as_bytes()) {
        return None;
    }
    percent_decode(text.as_bytes()).decode_utf8().ok()
}

/// A query's text: like [`decode`], and `+` is a blank.
pub fn decode_query(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        Cow::Owned(percent_decode(text.replace('+', " ").as_bytes()).collect())
    } else {
        decode(text)
    }
}

/// A query's text: like [`decode_strict`], and `+` is a blank.
pub fn decode_query_strict(text: &str) -> Option<String> {
    decode_strict(&text.replace('+', " ")).map(Cow::into_owned)
}

fn escapes_are_whole(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let (Some(high), Some(low)) = (rest.get(at + 1), rest.get(at + 2)) else {
            return false;
        };
        if hex::value(*high).is_none() || hex::value(*low).is_none() {
            return false;
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_only_unreserved_characters() {
        assert_eq!(
            encode(b"aZ09-._~/+ *'\xc3\xa9"),
            "aZ09-._~%2F%2B%20%2A%27%C3%A9"
        );
        assert_eq!(encode_path(b"/a//b/../c d"), "/a//b/../c%20d");
    }

    #[test]
    fn decodes_exactly_once() {
        assert_eq!(decode_strict("%252F+").as_deref(), Some("%2F+"));
        assert_eq!(decode_query_strict("%252F+%2B").as_deref(), Some("%2F +"));
    }

    #[test]
    fn strict_refuses_broken_escapes_and_other_encodings() {
        for text in ["%", "%4", "%4g", "a%", "%%41", "%ff", "%c3%28"] {
            assert_eq!(decode_strict(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_read_in_either_case_up_to_the_end() {
        for (text, decoded) in [
            ("", ""),
            ("%41", "A"),
            ("a%c3%BC", "a\u{fc}"),
            ("%25", "%"),
            ("%2541", "%41"),
            ("%00", "\0"),
        ] {
            assert_eq!(decode_strict(text).as_deref(), Some(decoded), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(bytes in vec(any::<u8>(), 0..40), text in any::<String>()) {
            let (name, path) = (encode(&bytes), encode_path(&bytes));
            prop_assert_eq!(&*decode(&name), &bytes[..]);
            prop_assert_eq!(&*decode(&path), &bytes[..]);
            prop_assert_eq!(&*decode_query(&name), &bytes[..]);
            let (name, path) = (encode(text.as_bytes()), encode_path(text.as_bytes()));
            prop_assert_eq!(decode_strict(&path), Some(Cow::Borrowed(&*text)));
            prop_assert_eq!(decode_query_strict(&name), Some(text));
        }

        #[test]
        fn what_is_strictly_decoded_is_also_decoded(text in "[%0-9a-fA-Fg/+]{0,20}") {
            if let Some(decoded) = decode_strict(&text) {
                prop_assert_eq!(decoded.as_bytes(), &*decode(&text));
            }
        }
    }
}
