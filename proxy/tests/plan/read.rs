//! Reads that need no look-up.

use http::Method;
use s3::ErrorCode;
use sealgate::plan::Objects;
use sealgate::plan::Reply;

use super::world::ask_empty;
use super::world::lines;

#[test]
fn a_whole_read_asks_for_the_whole() {
    for (bucket, objects) in [
        ("aes-x", Objects::Sealed),
        ("mixed-x", Objects::Mixed),
        ("open-x", Objects::Foreign),
    ] {
        let plan = ask_empty("GET", &format!("/{bucket}/o"), &[("accept", "*/*")]).plan(0);
        assert_eq!(plan.outgoing.method, Method::GET);
        assert!(plan.outgoing.headers.is_empty());
        let Reply::Object(reading) = plan.reply else {
            panic!("not an object");
        };
        assert_eq!(
            (reading.objects, reading.head, reading.guarded),
            (objects, false, false)
        );
    }
}

#[test]
fn ranges_of_foreign_objects_are_the_backends() {
    let plan = ask_empty("GET", "/open-x/o", &[("range", "bytes=5-9")]).plan(0);
    assert_eq!(lines(&plan.outgoing.headers), ["range: bytes=5-9"]);
}

#[test]
fn several_and_malformed_ranges_read_the_whole() {
    for range in [
        "bytes=0-1,3-4",
        "bytes=9-5",
        "bytes=",
        "lines=1-2",
        "bytes=a-b",
    ] {
        let plan = ask_empty("GET", "/aes-x/o", &[("range", range)]).plan(0);
        assert!(plan.outgoing.headers.is_empty(), "{range}");
    }
}

#[test]
fn a_heads_range_is_arithmetic_and_never_sent() {
    let plan = ask_empty("HEAD", "/aes-x/o", &[("range", "bytes=5-9")]).plan(0);
    assert!(plan.outgoing.headers.is_empty());
    let Reply::Object(reading) = plan.reply else {
        panic!("not an object");
    };
    assert!(reading.head_range.is_some());
}

#[test]
fn overrides_and_versions_are_passed_on_and_nothing_else() {
    let path = "/aes-x/o?response-content-type=a%2Fb&versionId=3%2B&x-id=GetObject";
    let plan = ask_empty("GET", path, &[]).plan(0);
    assert_eq!(
        plan.outgoing.target(),
        "/aes-x/o?response-content-type=a%2Fb&versionId=3%2B"
    );
}

#[test]
fn parts_are_looked_up_by_number_and_not_beside_a_range() {
    for method in ["GET", "HEAD"] {
        let lookup = ask_empty(method, "/aes-x/o?partNumber=1", &[]).lookup();
        assert_eq!(lookup.head.query, "");
        for number in ["0", "10001", "+1", "x", ""] {
            let asked = ask_empty(method, &format!("/aes-x/o?partNumber={number}"), &[]);
            assert_eq!(
                asked.refusal(0).code,
                ErrorCode::InvalidArgument,
                "{number}"
            );
        }
    }
    let both = ask_empty("GET", "/aes-x/o?partNumber=1", &[("range", "bytes=0-0")]);
    assert_eq!(both.refusal(0).code, ErrorCode::InvalidRequest);
}

#[test]
fn a_delete_maps_its_condition() {
    let hex = "0123456789abcdef0123456789abcdef";
    let etag = format!("\"{hex}-0\"");
    let plan = ask_empty("DELETE", "/aes-x/o", &[("if-match", &etag)]).plan(0);
    let expected = [
        "content-length: 0".to_owned(),
        format!("if-match: \"{hex}\""),
    ];
    assert_eq!(lines(&plan.outgoing.headers), expected);
}
