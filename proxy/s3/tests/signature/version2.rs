//! Signature Version 2, which covers less: what it does not cover must not count.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use http::Method;
use s3::ErrorCode;
use sha1::Sha1;
use time::Duration;

use crate::request::ACCESS_KEY;
use crate::request::NOW;
use crate::request::REGION;
use crate::request::Request;
use crate::request::SECRET;

const DATE: &str = "Fri, 24 May 2013 12:00:00 GMT";

/// The signature of a request or a policy.
pub fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// With the signature of `text` in the header.
fn signed(request: Request, text: &str) -> Request {
    let value = format!("AWS {ACCESS_KEY}:{}", signature(text));
    request.with("authorization", &value)
}

fn get(query: &str) -> Request {
    Request::new(Method::GET, "/bucket/a", query)
}

fn code(request: &Request) -> Option<ErrorCode> {
    request.verify().err().map(|error| error.code)
}

#[test]
fn a_date_may_be_written_in_all_its_forms() {
    for text in [
        DATE,
        "Fri, 24 May 2013 12:00:00 +0000",
        "Fri, 24 May 2013 14:00:00 +0200",
        "20130524T120000Z",
    ] {
        let request = signed(
            get("").with("date", text),
            &format!("GET\n\n\n{text}\n/bucket/a"),
        );
        assert_eq!(code(&request), None, "{text}");
        let request = get("").with("x-amz-date", text).with("date", "whatever");
        let request = signed(request, &format!("GET\n\n\n\nx-amz-date:{text}\n/bucket/a"));
        assert_eq!(code(&request), None, "{text}");
        let late = request.verify_at(NOW + Duration::seconds(901), REGION);
        assert_eq!(late.unwrap_err().code, ErrorCode::RequestTimeTooSkewed);
    }
    let request = signed(get("").with("date", "soon"), "GET\n\n\nsoon\n/bucket/a");
    assert_eq!(code(&request), Some(ErrorCode::AccessDenied));
}

#[test]
fn headers_and_sub_resources_are_covered() {
    let text = format!(
        "PUT\nXUFAKrxLKna5cZ2REBfFkg==\ntext/plain\n{DATE}\nx-amz-acl:private\n\
         x-amz-meta-a:1,2\n/bucket/a?tagging&versionId=3"
    );
    let put = |query: &str, kind: &str, meta: &str| {
        let request = Request::new(Method::PUT, "/bucket/a", query)
            .with("date", DATE)
            .with("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
            .with("content-type", kind)
            .with("x-amz-meta-a", "1")
            .with("x-amz-meta-a", meta)
            .with("x-amz-acl", "private");
        code(&signed(request, &text))
    };
    assert_eq!(put("versionId=3&tagging", "text/plain", "2"), None);
    let refused = Some(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(put("versionId=4&tagging", "text/plain", "2"), refused);
    assert_eq!(put("versionId=3&acl", "text/plain", "2"), refused);
    assert_eq!(put("versionId=3", "text/plain", "2"), refused);
    assert_eq!(put("versionId=3&tagging", "text/html", "2"), refused);
    assert_eq!(put("versionId=3&tagging", "text/plain", "3"), refused);
}

#[test]
fn what_is_not_covered_says_nothing_or_is_refused() {
    let with = |query: &str| {
        let text = format!("GET\n\n\n{DATE}\n/bucket/a");
        code(&signed(get(query).with("date", DATE), &text))
    };
    for query in [
        "",
        "prefix=a&marker=b",
        "list-type=2&fetch-owner=true",
        "a=b",
        "x-id=c",
    ] {
        assert_eq!(with(query), None, "{query}");
    }
    for query in [
        "quota",
        "append&position=0",
        "annotation",
        "x-amz-copy-source=a",
        "tomorrow",
    ] {
        assert_eq!(with(query), Some(ErrorCode::InvalidRequest), "{query}");
    }
    let obs = get("").with("date", DATE).with("x-obs-acl", "a");
    let obs = signed(obs, &format!("GET\n\n\n{DATE}\n/bucket/a"));
    assert_eq!(code(&obs), Some(ErrorCode::AccessDenied));
}

#[test]
fn a_url_ends_with_its_last_second() {
    let end = (NOW + Duration::seconds(60)).unix_timestamp();
    let text = format!("GET\n\n\n{end}\n/bucket/a");
    let escaped = signature(&text).replace('+', "%2B").replace('=', "%3D");
    let url = format!("AWSAccessKeyId={ACCESS_KEY}&Expires={end}&Signature={escaped}");
    let at = |seconds| {
        let now = NOW + Duration::seconds(seconds);
        get(&url)
            .verify_at(now, REGION)
            .map(drop)
            .map_err(|error| error.code)
    };
    assert_eq!(at(60), Ok(()));
    assert_eq!(at(61), Err(ErrorCode::AccessDenied));
    for (from, to) in [
        (&*end.to_string(), "9999999999"),
        ("Expires=", "Expires=%2B"),
    ] {
        let refused = code(&get(&url.replacen(from, to, 1)));
        assert_eq!(refused, Some(ErrorCode::SignatureDoesNotMatch), "{to}");
    }
    for expires in ["", "never", "99999999999999999999", "1e9"] {
        let changed = url.replace(&end.to_string(), expires);
        assert_eq!(
            code(&get(&changed)),
            Some(ErrorCode::AccessDenied),
            "{expires}"
        );
    }
}
