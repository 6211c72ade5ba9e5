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
    headers.extend(added.iter().cloned());

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
fn names_to_sign(headers: &HeaderMap) -> Vec<String> {
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
