//! Signing a request for the backend.

use std::borrow::Cow;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use time::OffsetDateTime;

use crate::Head;
use crate::SecretKey;
use crate::SigningKey;
use crate::auth::canonical;
use crate::auth::canonical::Canonical;
use crate::auth::scope;
use crate::auth::scope::Scope;
use crate::header;

/// Signed whenever sent, beside every `x-amz-*`: what means something to S3. Content-Length,
/// Expect, Connection, User-Agent and Accept-Encoding are not: intermediaries rewrite them.
/// `content-type` must be: Ceph's gateway refuses it unsigned.
const SIGNED: [&str; 8] = [
    "host",
    "content-type",
    "content-md5",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
];

/// The headers that sign `head`: `authorization`, `x-amz-date`, `x-amz-content-sha256`. They
/// replace those of the same name.
///
/// `head.headers` are those that will be sent, `host` included. `payload` is the hex SHA-256 of the
/// body or [`crate::UNSIGNED_PAYLOAD`].
#[must_use]
pub fn sign(
    head: &Head<'_>,
    access_key: &str,
    secret: &SecretKey,
    region: &str,
    now: OffsetDateTime,
    payload: &str,
) -> Vec<(HeaderName, HeaderValue)> {
    let timestamp = scope::render_time(now);
    let date = timestamp.chars().take(8).collect();
    let scope = Scope {
        date,
        region: region.to_owned(),
    };
    let mut added = vec![
        (HeaderName::from_static(header::AMZ_DATE), value(&timestamp)),
        (
            HeaderName::from_static(header::CONTENT_SHA256),
            value(payload),
        ),
    ];
    let mut headers = head.headers.clone();
    for (name, value) in &added {
        // `extend` would leave a date or digest of before beside ours, and sign both.
        headers.insert(name, value.clone());
    }

    let head = Head {
        headers: &headers,
        ..*head
    };
    let signed_headers = names_to_sign(&headers);
    let canonical = Canonical {
        path: Cow::Owned(canonical::recoded_path(head.raw_path)),
        query: canonical::recoded_query(head.raw_query),
        signed_headers: &signed_headers,
        payload,
    };
    let text = scope::string_to_sign(&timestamp, &scope, &canonical.sha256(&head));
    let signature = SigningKey::derive(secret, &scope.date, region).sign(&text);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{}, SignedHeaders={}, Signature={signature}",
        scope.render(),
        signed_headers.join(";"),
    );
    added.push((
        http::header::AUTHORIZATION,
        sensitive(value(&authorization)),
    ));
    added
}

/// Lower case and sorted, as a canonical request needs them.
pub(super) fn names_to_sign(headers: &HeaderMap) -> Vec<String> {
    let mut names: Vec<String> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") || SIGNED.contains(name))
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

/// What no header can carry (a control character in an access key, say) becomes empty, and the
/// backend refuses the request.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;

    fn signed(headers: &[(&'static str, &'static str)]) -> Vec<(HeaderName, HeaderValue)> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let method = http::Method::PUT;
        let head = Head {
            method: &method,
            raw_path: "/bucket/a",
            raw_query: "",
            headers: &headers,
        };
        let secret = SecretKey::new("secret".to_owned());
        let now = datetime!(2013-05-24 00:00 UTC);
        sign(&head, "key", &secret, "r", now, "UNSIGNED-PAYLOAD")
    }

    fn authorization(headers: &[(&'static str, &'static str)]) -> String {
        let signed = signed(headers);
        let (_, value) = signed
            .iter()
            .find(|(name, _)| name == header::AUTHORIZATION)
            .unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn old_signatures_do_not_count() {
        let host = ("host", "h");
        let again = [
            host,
            ("authorization", "old"),
            ("x-amz-date", "20130101T000000Z"),
            ("x-amz-content-sha256", "old"),
        ];
        assert_eq!(authorization(&again), authorization(&[host]));
    }

    #[test]
    fn signs_what_means_something_and_nothing_that_is_rewritten_on_the_way() {
        let text = authorization(&[
            ("host", "h"),
            ("content-type", "a/b"),
            ("content-md5", "x"),
            ("range", "bytes=0-1"),
            ("if-match", "a"),
            ("if-none-match", "b"),
            ("if-modified-since", "c"),
            ("if-unmodified-since", "d"),
            ("x-amz-meta-a", "e"),
            ("content-length", "1"),
            ("expect", "100-continue"),
            ("connection", "close"),
            ("user-agent", "f"),
            ("accept-encoding", "gzip"),
        ]);
        let names = "SignedHeaders=content-md5;content-type;host;if-match;if-modified-since;\
                     if-none-match;if-unmodified-since;range;x-amz-content-sha256;x-amz-date;\
                     x-amz-meta-a, ";
        assert!(text.contains(names), "{text}");
    }

    #[test]
    fn the_signature_is_marked_sensitive() {
        for (name, value) in signed(&[("host", "h")]) {
            assert_eq!(value.is_sensitive(), name == header::AUTHORIZATION);
        }
    }
}
