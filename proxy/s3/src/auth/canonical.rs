//! The canonical request: what a signature is made over
//! (AWS, "Create a signed AWS API request", step 1, with S3's rule that paths are not normalised).

use std::borrow::Cow;

use http::HeaderMap;
use sha2::Digest as _;
use sha2::Sha256;

use crate::Head;
use crate::header;
use crate::hex;
use crate::percent;

/// The parts of a canonical request that are not in the head.
pub(crate) struct Canonical<'a> {
    pub path: Cow<'a, str>,
    pub query: String,
    /// Lower case, sorted, each once.
    pub signed_headers: &'a [String],
    /// The value of `x-amz-content-sha256`.
    pub payload: &'a str,
}

impl Canonical<'_> {
    /// The hex SHA-256 of the canonical request.
    pub fn sha256(&self, head: &Head<'_>) -> String {
        hex::render(&Sha256::digest(self.text(head)))
    }

    /// The canonical request to the letter, secrets included.
    pub fn text(&self, head: &Head<'_>) -> Vec<u8> {
        self.render(head, value_of)
    }

    /// The canonical request to be shown: secret headers and the digest of the payload are masked.
    pub fn masked(&self, head: &Head<'_>) -> String {
        let is_digest = self.payload.len() == 64;
        let is_hidden = |name: &str| {
            header::is_sensitive(name) || (is_digest && name == header::CONTENT_SHA256)
        };
        let shown = |headers: &HeaderMap, name: &str| {
            if is_hidden(name) {
                b"***".to_vec()
            } else {
                value_of(headers, name)
            }
        };
        let payload = if is_digest { "***" } else { self.payload };
        let masked = Canonical {
            path: self.path.clone(),
            query: self.query.clone(),
            signed_headers: self.signed_headers,
            payload,
        };
        String::from_utf8_lossy(&masked.render(head, shown)).into_owned()
    }

    fn render(&self, head: &Head<'_>, value: impl Fn(&HeaderMap, &str) -> Vec<u8>) -> Vec<u8> {
        let mut text = format!("{}\n{}\n{}\n", head.method, self.path, self.query).into_bytes();
        for name in self.signed_headers {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(&value(head.headers, name));
            text.push(b'\n');
        }
        let names = self.signed_headers.join(";");
        text.extend_from_slice(format!("\n{names}\n{}", self.payload).as_bytes());
        text
    }
}

/// The targets a client may have signed, the likeliest first: the path as sent or encoded anew,
/// the query encoded anew or as sent.
///
/// Each says of the request what the request itself says: encoding anew decodes exactly as
/// [`crate::Target`] and [`crate::Query`] do. Reading `+` in a query as a plus sign would break
/// that, for a signature over `a%2Bb` would then also cover `a+b`, which means `a b`.
pub(crate) fn targets<'a>(head: &Head<'a>) -> Vec<(Cow<'a, str>, String)> {
    let mut targets = Vec::with_capacity(1);
    for query in [recoded_query(head.raw_query), raw_query(head.raw_query)] {
        for path in [
            Cow::Borrowed(head.raw_path),
            Cow::Owned(recoded_path(head.raw_path)),
        ] {
            let target = (path, query.clone());
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

/// The path decoded once and encoded by the book.
pub(crate) fn recoded_path(raw: &str) -> String {
    percent::encode_path(&percent::decode(raw))
}

/// The query with names and values decoded once and encoded by the book, sorted.
pub(crate) fn recoded_query(raw: &str) -> String {
    join(pairs(raw).map(|(name, value)| {
        (
            percent::encode(&percent::decode_query(name)),
            percent::encode(&percent::decode_query(value)),
        )
    }))
}

/// The query as sent, sorted: some clients sign the very text they send.
fn raw_query(raw: &str) -> String {
    join(pairs(raw).map(|(name, value)| (name.to_owned(), value.to_owned())))
}

fn pairs(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    raw.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
}

fn join(pairs: impl Iterator<Item = (String, String)>) -> String {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    let pieces: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pieces.join("&")
}

/// All values of a header joined by commas, each trimmed and its runs of blanks collapsed.
fn value_of(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let mut text = Vec::new();
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let words = value.as_bytes().split(|b| matches!(b, b' ' | b'\t'));
        for (index, word) in words.filter(|word| !word.is_empty()).enumerate() {
            if index > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(word);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn queries_are_sorted_by_encoded_name_then_value() {
        for (raw, canonical) in [
            ("", ""),
            ("lifecycle", "lifecycle="),
            ("b=2&a=2&a=1&&a", "a=&a=1&a=2&b=2"),
            ("prefix=a+b", "prefix=a%20b"),
            ("prefix=a%2bb~%7E", "prefix=a%2Bb~~"),
            ("x=1=2", "x=1%3D2"),
            ("A=1&a=1&%41=0", "A=0&A=1&a=1"),
        ] {
            assert_eq!(recoded_query(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn paths_are_encoded_anew_but_never_normalised() {
        for (raw, canonical) in [
            ("/", "/"),
            ("/a//b/../c/", "/a//b/../c/"),
            ("/a+b$%2f%c3%a9", "/a%2Bb%24/%C3%A9"),
            ("/a%252Fb", "/a%252Fb"),
            ("/100%", "/100%25"),
        ] {
            assert_eq!(recoded_path(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn a_target_in_canonical_form_is_tried_once() {
        let headers = HeaderMap::new();
        let method = http::Method::GET;
        let count = |raw_path, raw_query| {
            targets(&Head {
                method: &method,
                raw_path,
                raw_query,
                headers: &headers,
            })
            .len()
        };
        assert_eq!(count("/b/k", "a=1&b"), 1);
        assert_eq!(count("/b/k+", "a=1&b"), 2);
        assert_eq!(count("/b/k+", "a=+"), 4);
    }

    #[test]
    fn header_values_are_trimmed_collapsed_and_joined() {
        let mut headers = HeaderMap::new();
        headers.append("x-amz-meta-a", "  a \t b  ".parse().unwrap());
        headers.append("x-amz-meta-a", "c".parse().unwrap());
        assert_eq!(value_of(&headers, "x-amz-meta-a"), b"a b,c");
        assert_eq!(value_of(&headers, "x-amz-meta-b"), b"");
    }
}
