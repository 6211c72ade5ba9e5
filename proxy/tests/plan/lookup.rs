//! Ranges: what is asked first, and the plan that follows from the answer.

use crypto::Layout;
use crypto::PlainLen;
use http::HeaderValue;
use http::Method;
use s3::ErrorCode;
use sealgate::plan::Known;
use sealgate::plan::Looked;
use sealgate::plan::Lookup;
use sealgate::plan::Plan;
use sealgate::plan::Reply;

use super::world::ask_empty;
use super::world::lines;

const CHUNK: u64 = 65_536;
const HEX: &str = "0123456789abcdef0123456789abcdef";

fn lookup(headers: &[(&str, &str)]) -> Lookup {
    ask_empty("GET", "/aes-x/o", headers).lookup()
}

fn known(size: u64) -> Looked {
    Looked::Sealed(Known {
        etag: format!("\"{HEX}\""),
        shown: sealgate::plan::reply::client_etag(HEX),
        style: policy::EtagStyle::Opaque,
        layout: Layout::Whole,
        size: PlainLen(size),
        table: None,
    })
}

fn range_of(plan: &Plan) -> Option<&str> {
    plan.outgoing
        .headers
        .get("range")
        .map(|range| range.to_str().unwrap())
}

#[test]
fn a_range_is_looked_up_by_head_under_the_clients_conditions() {
    let etag = format!("\"{HEX}-0\"");
    let lookup = lookup(&[("range", "bytes=0-0"), ("if-none-match", &etag)]);
    assert_eq!(lookup.head.method, Method::HEAD);
    assert_eq!(
        lines(&lookup.head.headers),
        [format!("if-none-match: \"{HEX}\"")]
    );
}

#[test]
fn only_plain_reads_of_the_current_version_are_remembered() {
    let range = ("range", "bytes=0-0");
    assert!(lookup(&[range]).rememberable);
    assert!(!lookup(&[range, ("if-match", "\"x\"")]).rememberable);
    assert!(!lookup(&[range, ("if-range", "\"x\"")]).rememberable);
    let version = ask_empty("GET", "/aes-x/o?versionId=1", &[range]).lookup();
    assert!(!version.rememberable);
}

#[test]
fn a_plaintext_range_becomes_the_chunks_that_hold_it() {
    // Stored: 64 bytes of header, then chunks of 65 552 bytes, the last one shorter, then 80
    // bytes of footer, which a range that reaches the end takes along (FORMAT.md §6).
    let size = 3 * CHUNK + 17;
    for (asked, stored) in [
        ("bytes=0-0", "bytes=64-65615"),
        ("bytes=65535-65535", "bytes=64-65615"),
        ("bytes=65536-65536", "bytes=65616-131167"),
        ("bytes=65535-65536", "bytes=64-131167"),
        ("bytes=-1", "bytes=196720-196832"),
        ("bytes=196608-", "bytes=196720-196832"),
    ] {
        let plan = lookup(&[("range", asked)])
            .resume(&known(size), None)
            .unwrap();
        assert_eq!(range_of(&plan), Some(stored), "{asked}");
        let if_match = plan.outgoing.headers.get("if-match").unwrap();
        assert_eq!(if_match, &format!("\"{HEX}\""));
        let Reply::Object(reading) = plan.reply else {
            panic!("not an object");
        };
        assert!(reading.guarded);
        assert_eq!(reading.span.unwrap().size(), PlainLen(size));
    }
}

#[test]
fn ranges_past_the_end_are_unsatisfiable_in_plaintext_coordinates() {
    for (asked, size) in [
        ("bytes=0-", 0),
        ("bytes=-1", 0),
        ("bytes=0-0", 0),
        ("bytes=1-", 1),
        ("bytes=100-200", 100),
        ("bytes=-0", 5),
    ] {
        let refusal = lookup(&[("range", asked)])
            .resume(&known(size), None)
            .unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidRange, "{asked} of {size}");
    }
}

#[test]
fn a_head_that_is_no_object_is_answered_by_the_whole_read() {
    let headers = [("range", "bytes=0-0"), ("if-match", "\"x\"")];
    let plan = lookup(&headers).resume(&Looked::Otherwise, None).unwrap();
    assert_eq!(lines(&plan.outgoing.headers), ["if-match: \"x\""]);
}

#[test]
fn an_unsealed_objects_range_is_its_own() {
    let unsealed = Looked::Unsealed("\"e\"".to_owned());
    let plan = lookup(&[("range", "bytes=5-9")])
        .resume(&unsealed, None)
        .unwrap();
    assert_eq!(
        lines(&plan.outgoing.headers),
        ["if-match: \"e\"", "range: bytes=5-9"]
    );
}

#[test]
fn if_range_decides_between_the_range_and_the_whole() {
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    let client_etag = format!("\"{HEX}-0\"");
    let backend_etag = format!("\"{HEX}\"");
    let weak = format!("W/{client_etag}");
    for (if_range, applies) in [
        (client_etag.as_str(), true),
        (backend_etag.as_str(), false),
        (weak.as_str(), false),
        ("\"other\"", false),
        (date, true),
        ("Wed, 21 Oct 2026 07:28:01 GMT", false),
    ] {
        let lookup = lookup(&[("range", "bytes=0-0"), ("if-range", if_range)]);
        let modified = HeaderValue::from_static(date);
        let plan = lookup.resume(&known(10), Some(&modified)).unwrap();
        assert_eq!(range_of(&plan).is_some(), applies, "{if_range}");
    }
}

#[test]
fn a_whole_object_is_its_own_first_and_only_part() {
    let first = ask_empty("GET", "/aes-x/o?partNumber=1", &[]).lookup();
    let plan = first.resume(&known(CHUNK + 1), None).unwrap();
    let Reply::Object(reading) = &plan.reply else {
        panic!()
    };
    assert_eq!(reading.span.as_ref().unwrap().plain(), 0..CHUNK + 1);
    assert_eq!(reading.part, None);
    let second = ask_empty("GET", "/aes-x/o?partNumber=2", &[]).lookup();
    let refused = second.resume(&known(CHUNK + 1), None).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidPartNumber);
    let empty = first.resume(&known(0), None).unwrap();
    assert_eq!(range_of(&empty), None);
}
