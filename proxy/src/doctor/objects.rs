//! Findings about objects that are written at once.

use bytes::Bytes;
use http::StatusCode;
use s3::xml;
use s3::xml::copy::Copied;

use super::Found;
use super::note;
use super::ok;
use super::probe::Broken;
use super::probe::Probe;
use super::probe::etag;
use super::probe::refusal;
use super::probe::succeeded;
use super::probe::text;
use super::problem;
use crate::plan::headers::ENVELOPE;
use crate::plan::headers::ENVELOPE_MAC;

/// Lengths of an envelope: a common one, a long one, the longest, and the longest with its
/// authenticator and both names.
const ENVELOPES: [usize; 4] = [535, 1024, 1536, 1600];
/// An authenticator has as many characters.
const MAC: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";
const BODY: &[u8] = b"0123456789";
/// What no object has.
const ELSE: &str = "\"00000000000000000000000000000000\"";

/// The seal's envelope is metadata.
pub(super) async fn metadata(probe: &Probe<'_>) -> Found {
    let mut longest = 0;
    let mut refused = String::new();
    for len in ENVELOPES {
        let json = envelope(len);
        let headers = [(ENVELOPE, json.as_str()), (ENVELOPE_MAC, MAC)];
        let body = Bytes::from_static(BODY);
        let answer = probe.write("metadata", &headers, body).await?;
        if !answer.status.is_success() {
            refused = refusal(&answer);
            break;
        }
        let head = probe.head("metadata").await?;
        let got = succeeded(probe.get("metadata", &[]).await?, "GET finds no object")?;
        for headers in [&head, &got.headers] {
            if text(headers, ENVELOPE) != Some(&json) || text(headers, ENVELOPE_MAC) != Some(MAC) {
                return problem(format!(
                    "{len} bytes of it come back altered: no sealed object could be read; is \
                     there a proxy in between?"
                ));
            }
        }
        longest = len;
    }
    match longest {
        1600 => ok("comes back as it was sent, 1600 bytes of it"),
        1536 => note(format!(
            "1600 bytes are refused ({refused}): objects with long envelopes can have no other \
             metadata"
        )),
        _ => problem(format!(
            "no more than {longest} bytes are taken ({refused}): an envelope may have 1536; raise \
             the backend's limit"
        )),
    }
}

/// JSON of `len` characters, as envelopes have it: escapes, quotes, no blank.
fn envelope(len: usize) -> String {
    let mut json = r#"{"v":1,"key":"a\u0020b\u0025\u002b\"\\/=~","pad":""#.to_owned();
    let end = "\"}";
    let pad = len.saturating_sub(json.len() + end.len());
    json.push_str(&"\\u00e9".repeat(pad / 12));
    let rest = len.saturating_sub(json.len() + end.len());
    json.push_str(&"x".repeat(rest));
    json + end
}

/// Ranges of an object are ranges of its chunks.
pub(super) async fn ranges(probe: &Probe<'_>) -> Found {
    probe.put("ranges", BODY).await?;
    for (range, content_range, body) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=-3", "bytes 7-9/10", "789"),
    ] {
        let answer = probe.get("ranges", &[("range", range)]).await?;
        let exact = answer.status == StatusCode::PARTIAL_CONTENT
            && text(&answer.headers, "content-range") == Some(content_range)
            && answer.body == body.as_bytes();
        if !exact {
            let says = text(&answer.headers, "content-range").unwrap_or("none");
            return problem(format!(
                "`{range}` of 10 bytes is answered with {}, Content-Range {says} and {} bytes: \
                 ranges of sealed objects cannot be read",
                answer.status.as_str(),
                answer.body.len()
            ));
        }
    }
    ok("are exact, in the middle and from the end")
}

/// A look and a range are of one version.
pub(super) async fn if_match(probe: &Probe<'_>) -> Found {
    let own = probe.put("if-match", BODY).await?;
    let read = |etag| [("if-match", etag), ("range", "bytes=2-4")];
    let same = probe.get("if-match", &read(&own)).await?;
    if same.status != StatusCode::PARTIAL_CONTENT {
        return problem(format!(
            "the object's own ETag is answered with {}: ranges cannot be read",
            refusal(&same)
        ));
    }
    let other = probe.get("if-match", &read(ELSE)).await?;
    if other.status != StatusCode::PRECONDITION_FAILED {
        return problem(format!(
            "is not enforced: another ETag is answered with {}; ranges of an object that is \
             replaced meanwhile break off instead of being read anew",
            refusal(&other)
        ));
    }
    ok("is enforced")
}

/// Records are written once.
pub(super) async fn if_none_match(probe: &Probe<'_>) -> Found {
    let body = Bytes::from_static(BODY);
    let any = [("if-none-match", "*")];
    let new = probe.write("if-none-match", &any, body.clone()).await?;
    if !new.status.is_success() {
        return problem(format!(
            "a new object is refused: {}; uploads in parts cannot be begun",
            refusal(&new)
        ));
    }
    let again = probe.write("if-none-match", &any, body).await?;
    if again.status.is_success() {
        return note(
            "is not enforced: the gateway can do without, but clients who rely on it replace each \
             other's objects",
        );
    }
    ok("is enforced")
}

/// A copy in the backend takes the body over, under an envelope of its own.
pub(super) async fn copy(probe: &Probe<'_>) -> Found {
    let written = probe.put("copy", BODY).await?;
    let source = probe.source("copy");
    let headers = |etag| {
        [
            ("x-amz-copy-source", source.as_str()),
            ("x-amz-copy-source-if-match", etag),
            ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-meta-doctor", "new"),
        ]
    };
    let raced = probe.write("copy", &headers(ELSE), Bytes::new()).await?;
    if is_copied(&raced.body) {
        return problem(
            "x-amz-copy-source-if-match is not enforced: a copy of an object that is replaced \
             meanwhile does not open",
        );
    }
    let answer = probe
        .write("copy", &headers(&written), Bytes::new())
        .await?;
    if !answer.status.is_success() || !is_copied(&answer.body) {
        return problem(format!(
            "are refused: {}; clients cannot copy under one key",
            refusal(&answer)
        ));
    }
    let head = probe.head("copy").await?;
    if text(&head, "x-amz-meta-doctor") != Some("new") {
        return problem("keep the old metadata: a copy has the envelope of its source");
    }
    if etag(&head)? != written {
        return note("change the ETag: clients see an object as changed when its metadata is");
    }
    ok("keep the ETag and take new metadata")
}

/// Whether a store's answer says that it copied; it may refuse under status 200.
pub(super) fn is_copied(body: &[u8]) -> bool {
    matches!(xml::copy::parse(body), Some(Copied::Object { .. }))
}

/// The copy's `ETag` without quotes.
pub(super) fn copied(body: &[u8]) -> Result<String, Broken> {
    match xml::copy::parse(body) {
        Some(Copied::Object { etag, .. }) => Ok(etag),
        _ => Err(Broken("a copy's answer is none".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn envelopes_are_json_of_their_length() {
        for len in ENVELOPES {
            let json = envelope(len);
            assert_eq!(json.len(), len);
            assert!(json.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
            let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(parsed["key"], "a b%+\"\\/=~");
        }
        assert_eq!(MAC.len(), 43);
    }
}
