//! The second sitting: what the client is answered, from the backend's head.

use crypto::EnvelopeText;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use s3::Body;
use s3::RangeHeader;
use sealgate::error::Error;
use sealgate::plan::Looked;
use sealgate::plan::Reading;
use sealgate::plan::Reply;
use sealgate::plan::RequestBody;
use sealgate::plan::reply;
use sealgate::plan::reply::Found;
use sealgate::plan::reply::ReplyBody;
use sealgate::plan::reply::ReplyPlan;
use sealgate::seal;
use sealgate::seal::Ring;

use super::world::ask_empty;
use super::world::keys;

const HEX: &str = "0123456789abcdef0123456789abcdef";
const SIZE: u64 = 70_000;
const STORED: u64 = SIZE + 2 * 16 + 144;

/// The envelope of an object of [`SIZE`] bytes named `/aes-x/o`.
fn envelope() -> EnvelopeText {
    let size = SIZE.to_string();
    let asked = ask_empty("PUT", "/aes-x/o", &[("content-length", &size)]);
    let RequestBody::Seal(order) = asked.plan(SIZE).body else {
        panic!("not sealed");
    };
    let body = Body::expect(&asked.caller.verified, &asked.headers).unwrap();
    seal::attempt(&order, body.claims(), Ring::of(&keys()))
        .unwrap()
        .envelope
}

/// What the backend answers a whole read of it.
fn stored() -> HeaderMap {
    let envelope = envelope();
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-amz-meta-sealgate",
        HeaderValue::try_from(&envelope.json).unwrap(),
    );
    headers.insert(
        "x-amz-meta-sealgate-mac",
        HeaderValue::try_from(&envelope.mac).unwrap(),
    );
    headers.insert("content-length", HeaderValue::from(STORED));
    headers.insert("etag", HeaderValue::try_from(format!("\"{HEX}\"")).unwrap());
    headers
}

fn reading(method: &str) -> Reading {
    match ask_empty(method, "/aes-x/o", &[]).plan(0).reply {
        Reply::Object(reading) => reading,
        _ => panic!("not an object"),
    }
}

fn read(reading: &Reading, status: u16, headers: &HeaderMap) -> Result<ReplyPlan, Error> {
    let Found::Sealed(envelope) = reply::find(headers)? else {
        panic!("not sealed");
    };
    let envelope = seal::verify(*envelope, &reading.place, Ring::of(&keys()))?;
    reply::object(
        reading,
        &envelope,
        StatusCode::from_u16(status).unwrap(),
        headers,
        None,
    )
}

fn with(mut headers: HeaderMap, name: &'static str, value: &str) -> HeaderMap {
    headers.insert(name, HeaderValue::try_from(value).unwrap());
    headers
}

#[test]
fn a_whole_read_is_answered_in_plaintext() {
    let plan = read(&reading("GET"), 200, &stored()).unwrap();
    assert_eq!(plan.status, StatusCode::OK);
    assert_eq!(plan.content_length, SIZE);
    assert_eq!(plan.content_range, None);
    assert_eq!(plan.etag.as_deref(), Some(format!("\"{HEX}-0\"").as_str()));
    assert_eq!(plan.body, ReplyBody::Whole(STORED));
    let head = read(&reading("HEAD"), 200, &stored()).unwrap();
    assert_eq!((head.content_length, head.body), (SIZE, ReplyBody::Empty));
}

#[test]
fn a_heads_range_is_answered_by_arithmetic() {
    let mut reading = reading("HEAD");
    reading.head_range = RangeHeader::parse("bytes=10-19");
    let plan = read(&reading, 200, &stored()).unwrap();
    assert_eq!(
        (plan.status, plan.content_length),
        (StatusCode::PARTIAL_CONTENT, 10)
    );
    assert_eq!(plan.content_range.as_deref(), Some("bytes 10-19/70000"));
    reading.head_range = RangeHeader::parse("bytes=70000-");
    assert!(matches!(
        read(&reading, 200, &stored()),
        Err(Error::Client(_))
    ));
}

#[test]
fn a_stored_size_that_the_envelope_denies_is_refused() {
    for stored_len in [STORED - 1, STORED + 1, 0] {
        let headers = with(stored(), "content-length", &stored_len.to_string());
        assert!(matches!(
            read(&reading("GET"), 200, &headers),
            Err(Error::Sealed(_))
        ));
    }
    let mut headers = stored();
    headers.remove("content-length");
    assert!(matches!(
        read(&reading("GET"), 200, &headers),
        Err(Error::Backend(_))
    ));
}

#[test]
fn an_envelope_counts_only_complete_single_and_in_its_place() {
    for entry in ["x-amz-meta-sealgate", "x-amz-meta-sealgate-mac"] {
        let mut headers = stored();
        headers.remove(entry);
        assert!(reply::find(&headers).is_err(), "without {entry}");
        let mut headers = stored();
        let twice = headers.get(entry).unwrap().clone();
        headers.append(entry, twice);
        assert!(reply::find(&headers).is_err(), "{entry} twice");
    }
    assert!(matches!(
        reply::find(&HeaderMap::new()),
        Ok(Found::Unsealed)
    ));
    let mut elsewhere = reading("GET");
    elsewhere.place.object = "p".to_owned();
    assert!(matches!(
        read(&elsewhere, 200, &stored()),
        Err(Error::Sealed(_))
    ));
    let mut elsewhere = reading("GET");
    elsewhere.place.bucket = "aes-y".to_owned();
    assert!(read(&elsewhere, 200, &stored()).is_err());
    let other = with(stored(), "x-amz-meta-sealgate-mac", &envelope().mac);
    assert!(matches!(
        read(&reading("GET"), 200, &other),
        Err(Error::Sealed(_))
    ));
}

/// A range whose answer must be exactly what was asked for.
fn span() -> (Reading, HeaderMap) {
    let asked = ask_empty("GET", "/aes-x/o", &[("range", "bytes=65530-65539")]);
    let known = sealgate::plan::Known {
        etag: format!("\"{HEX}\""),
        shown: sealgate::plan::reply::client_etag(HEX),
        style: policy::EtagStyle::Opaque,
        layout: crypto::Layout::Whole,
        size: crypto::PlainLen(SIZE),
        table: None,
    };
    let plan = asked.lookup().resume(&Looked::Sealed(known), None).unwrap();
    let range = plan
        .outgoing
        .headers
        .get("range")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let (first, last) = range
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let len = last.parse::<u64>().unwrap() - first.parse::<u64>().unwrap() + 1;
    let headers = with(stored(), "content-length", &len.to_string());
    let headers = with(
        headers,
        "content-range",
        &format!("bytes {first}-{last}/{STORED}"),
    );
    let Reply::Object(reading) = plan.reply else {
        panic!("not an object");
    };
    (reading, headers)
}

#[test]
fn a_range_is_answered_in_plaintext_coordinates() {
    let (reading, headers) = span();
    let plan = read(&reading, 206, &headers).unwrap();
    assert_eq!(
        (plan.status, plan.content_length),
        (StatusCode::PARTIAL_CONTENT, 10)
    );
    assert_eq!(
        plan.content_range.as_deref(),
        Some("bytes 65530-65539/70000")
    );
    assert!(matches!(plan.body, ReplyBody::Span(_)));
}

#[test]
fn another_range_than_the_one_asked_for_is_refused() {
    let (reading, headers) = span();
    assert!(matches!(
        read(&reading, 200, &headers),
        Err(Error::Backend(_))
    ));
    let moved = with(
        headers.clone(),
        "content-range",
        &format!("bytes 65-70000/{STORED}"),
    );
    assert!(matches!(
        read(&reading, 206, &moved),
        Err(Error::Backend(_))
    ));
    let shorter = with(headers.clone(), "content-length", "10");
    assert!(matches!(
        read(&reading, 206, &shorter),
        Err(Error::Backend(_))
    ));
    let mut silent = headers;
    silent.remove("content-range");
    assert!(matches!(
        read(&reading, 206, &silent),
        Err(Error::Backend(_))
    ));
}

#[test]
fn a_partial_answer_to_a_whole_read_is_refused() {
    assert!(matches!(
        read(&reading("GET"), 206, &stored()),
        Err(Error::Backend(_))
    ));
}
