//! What is refused, and with which words.

use http::Method;
use s3::ErrorCode;
use s3::Payload;
use time::Duration;

use crate::request::ACCESS_KEY;
use crate::request::NOW;
use crate::request::REGION;
use crate::request::Request;
use crate::request::detail;

fn code(request: &Request) -> Option<ErrorCode> {
    request.verify().err().map(|error| error.code)
}

#[test]
fn a_signature_is_good_for_15_minutes_either_way() {
    let request = Request::plain();
    let limit = Duration::minutes(15);
    let beyond = limit + Duration::seconds(1);
    for skew in [Duration::ZERO, limit, -limit] {
        assert!(request.verify_at(NOW + skew, REGION).is_ok(), "{skew}");
    }
    for skew in [
        beyond,
        -beyond,
        limit + Duration::nanoseconds(1),
        Duration::days(-365),
    ] {
        let error = request.verify_at(NOW + skew, REGION).unwrap_err();
        assert_eq!(error.code, ErrorCode::RequestTimeTooSkewed, "{skew}");
        assert_eq!(detail(&error, "RequestTime"), Some("20130524T120000Z"));
        assert_eq!(detail(&error, "MaxAllowedSkewMilliseconds"), Some("900000"));
    }
    let error = request.verify_at(NOW + beyond, REGION).unwrap_err();
    assert_eq!(detail(&error, "ServerTime"), Some("2013-05-24T12:15:01Z"));
}

#[test]
fn midnight_is_no_border() {
    let midnight = NOW.replace_time(time::Time::MIDNIGHT);
    for (signed, now) in [(-1, 1), (1, -1)] {
        let signed = midnight + Duration::minutes(signed);
        let request = Request::new(Method::GET, "/", "").signed_at(signed, "UNSIGNED-PAYLOAD");
        let now = midnight + Duration::minutes(now);
        assert!(request.verify_at(now, REGION).is_ok());
    }
}

#[test]
fn x_amz_date_decides_where_there_are_two_dates() {
    let stale = "Fri, 24 May 2013 00:00:00 GMT";
    assert_eq!(code(&Request::plain().with("date", stale)), None);
    let signed_stale = NOW - Duration::hours(12);
    let request = Request::new(Method::GET, "/", "").signed_at(signed_stale, "UNSIGNED-PAYLOAD");
    let request = request.with("date", "Fri, 24 May 2013 12:00:00 GMT");
    assert_eq!(code(&request), Some(ErrorCode::RequestTimeTooSkewed));
}

#[test]
fn a_request_has_one_usable_date() {
    let undated = Request::plain().without("x-amz-date");
    for request in [
        undated.clone(),
        undated.clone().with("date", "yesterday"),
        undated.clone().with("x-amz-date", ""),
        undated
            .clone()
            .with("x-amz-date", "Fri, 24 May 2013 12:00:00 GMT"),
        undated.clone().with("x-amz-date", "2013-05-24T12:00:00Z"),
    ] {
        assert_eq!(code(&request), Some(ErrorCode::AccessDenied), "{request:?}");
    }
    // Usable, but not what was signed.
    let dated = undated.with("date", "Fri, 24 May 2013 12:00:00 GMT");
    assert_eq!(code(&dated), Some(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn the_day_of_the_scope_is_that_of_the_date() {
    let request = Request::plain().edited("authorization", "/20130524/", "/20130523/");
    let error = request.verify().unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed);
    assert!(
        error
            .message
            .contains("Invalid credential date \"20130523\""),
        "{error}"
    );
}

#[test]
fn another_region_is_told_the_right_one() {
    let request = Request::plain();
    assert!(request.verify_at(NOW, "*").is_ok());
    let error = request.verify_at(NOW, "us-east-1").unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed);
    assert_eq!(detail(&error, "Region"), Some("us-east-1"));
    assert_eq!(
        error.message,
        "The authorization header is malformed; the region 'eu-central-1' is wrong; \
         expecting 'us-east-1'"
    );
}

#[test]
fn another_region_is_not_only_another_word() {
    let request = Request::plain().edited("authorization", "eu-central-1", "us-east-1");
    let error = request.verify_at(NOW, "*").unwrap_err();
    assert_eq!(error.code, ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn another_service_is_told_the_right_one() {
    let request = Request::plain().edited("authorization", "/s3/", "/iam/");
    let error = request.verify().unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed);
    assert_eq!(
        error.message,
        "The authorization header is malformed; incorrect service \"iam\". \
         This endpoint belongs to \"s3\"."
    );
}

#[test]
fn an_unknown_key_is_named() {
    let request = Request::plain().edited("authorization", ACCESS_KEY, "AKOTHER");
    let error = request.verify().unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidAccessKeyId);
    assert_eq!(detail(&error, "AWSAccessKeyId"), Some("AKOTHER"));
}

#[test]
fn the_host_is_signed_and_there_once() {
    let request = Request::plain();
    let unsigned = request.clone().edited("authorization", "host;", "");
    assert_eq!(
        code(&unsigned),
        Some(ErrorCode::AuthorizationHeaderMalformed)
    );
    let missing = request.clone().without("host");
    assert_eq!(code(&missing), Some(ErrorCode::SignatureDoesNotMatch));
    let twice = request.with("host", "gateway.example:9000");
    assert_eq!(code(&twice), Some(ErrorCode::InvalidRequest));
}

#[test]
fn headers_that_decide_are_there_once() {
    for name in [
        "authorization",
        "x-amz-date",
        "x-amz-content-sha256",
        "host",
        "content-length",
    ] {
        let request = Request::new(Method::PUT, "/bucket/a", "").with("content-length", "5");
        let request = request.signed();
        assert_eq!(code(&request), None);
        let again = request.headers[name].to_str().unwrap().to_owned();
        let twice = request.with(name, &again);
        assert_eq!(code(&twice), Some(ErrorCode::InvalidRequest), "{name}");
    }
}

#[test]
fn every_amz_and_obs_header_is_signed() {
    let request = Request::plain()
        .with("x-obs-acl", "a")
        .with("x-amz-acl", "b");
    let error = request.verify().unwrap_err();
    assert_eq!(error.code, ErrorCode::AccessDenied);
    let message = "There were headers present in the request which were not signed";
    assert_eq!(error.message, message);
    assert_eq!(
        detail(&error, "HeadersNotSigned"),
        Some("x-amz-acl, x-obs-acl")
    );
    for name in ["x-amz-date", "x-amz-content-sha256"] {
        let request = Request::plain().edited("authorization", &format!(";{name}"), "");
        assert_eq!(code(&request), Some(ErrorCode::AccessDenied), "{name}");
    }
    // What is not S3's own may be added on the way.
    let added = Request::plain()
        .with("x-amzn-trace-id", "a")
        .with("x-forwarded-for", "b");
    assert_eq!(code(&added), None);
}

#[test]
fn names_of_signed_headers_may_come_in_any_order_and_case_but_must_all_be_sent() {
    let request = Request::plain();
    let signed = "host;x-amz-content-sha256;x-amz-date";
    for names in [
        "x-amz-date;host;x-amz-content-sha256",
        "Host;X-Amz-Content-SHA256;X-Amz-Date",
        "host;host;x-amz-content-sha256;x-amz-date",
    ] {
        assert_eq!(
            code(&request.clone().edited("authorization", signed, names)),
            None,
            "{names}"
        );
    }
    for name in ["x-amz-meta-a", "range", "no name", "range:a"] {
        let more = format!("{signed};{name}");
        let request = request.clone().edited("authorization", signed, &more);
        assert_eq!(
            code(&request),
            Some(ErrorCode::SignatureDoesNotMatch),
            "{name}"
        );
    }
}

/// It may say the same as one that is not there, but who removed it?
#[test]
fn an_empty_header_that_was_signed_must_be_sent() {
    let request = Request::new(Method::GET, "/bucket/a", "").with("x-amz-meta-a", "");
    let request = request.signed();
    assert_eq!(code(&request), None);
    let removed = request.without("x-amz-meta-a");
    assert_eq!(code(&removed), Some(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn blanks_in_values_count_once_and_repeated_headers_count_in_order() {
    let name = "x-amz-meta-a";
    let request = Request::new(Method::PUT, "/bucket/a", "")
        .with(name, "a b")
        .with(name, "c");
    let request = request.signed();
    let resent = |values: &[&str]| {
        let bare = request.clone().without(name);
        values
            .iter()
            .fold(bare, |request, value| request.with(name, value))
    };
    for same in [&["a b", "c"][..], &[" a  b", "c "], &["\ta \t b\t", "c"]] {
        assert_eq!(code(&resent(same)), None, "{same:?}");
    }
    for other in [
        &["c", "a b"][..],
        &["a b"],
        &["ab", "c"],
        &["a b", "c", "c"],
        &["A b", "c"],
    ] {
        let refused = Some(ErrorCode::SignatureDoesNotMatch);
        assert_eq!(code(&resent(other)), refused, "{other:?}");
    }
}

#[test]
fn the_payload_is_what_the_header_says() {
    let put = |payload| Request::new(Method::PUT, "/bucket/a", "").signed_at(NOW, payload);
    let verified = put("UNSIGNED-PAYLOAD").verify().unwrap();
    assert!(matches!(verified.payload(), Payload::Unsigned));
    let digest = "ab".repeat(32);
    let verified = put(&digest).verify().unwrap();
    assert!(matches!(verified.payload(), Payload::Sha256([0xab, ..])));
    for (payload, is_signed, has_trailer) in [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true, false),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true, true),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", false, true),
    ] {
        let verified = put(payload).verify().unwrap();
        let Payload::Frames(frames) = verified.payload() else {
            panic!("{payload} has frames");
        };
        assert_eq!(
            (frames.are_signed(), frames.have_trailer()),
            (is_signed, has_trailer)
        );
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = Request::new(method, "/bucket/a", "").signed_at(NOW, payload);
            assert_eq!(code(&request), Some(ErrorCode::InvalidRequest), "{payload}");
        }
    }
    assert_eq!(code(&put("")), Some(ErrorCode::InvalidArgument));
    let missing = Request::plain().without("x-amz-content-sha256");
    assert_eq!(code(&missing), Some(ErrorCode::InvalidRequest));
}

#[test]
fn a_session_token_is_refused_but_only_of_who_can_sign() {
    for name in ["x-amz-security-token", "x-amz-s3session-token"] {
        let request = Request::new(Method::GET, "/bucket/a", "").with(name, "a");
        assert_eq!(
            code(&request.signed()),
            Some(ErrorCode::InvalidToken),
            "{name}"
        );
    }
    let request = Request::new(Method::GET, "/", "")
        .with("x-amz-security-token", "a")
        .signed();
    let altered = request
        .without("x-amz-security-token")
        .with("x-amz-security-token", "b");
    assert_eq!(code(&altered), Some(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn a_mismatch_shows_the_stages_without_the_secrets() {
    let key = "x-amz-server-side-encryption-customer-key";
    let request = Request::new(Method::PUT, "/bucket/a", "")
        .with(key, "c2VjcmV0")
        .with("x-amz-security-token", "dG9rZW4=")
        .with("x-amz-s3session-token", "c2Vzc2lvbg==")
        .signed()
        .edited("authorization", "Signature=", "Signature=0");
    let error = request.verify().unwrap_err();
    assert_eq!(error.code, ErrorCode::SignatureDoesNotMatch);
    assert_eq!(detail(&error, "AWSAccessKeyId"), Some(ACCESS_KEY));
    let canonical = detail(&error, "CanonicalRequest").unwrap();
    assert!(canonical.starts_with("PUT\n/bucket/a\n\nhost:gateway.example:9000\n"));
    assert!(canonical.contains("x-amz-server-side-encryption-customer-key:***\n"));
    let text = detail(&error, "StringToSign").unwrap();
    assert!(text.starts_with("AWS4-HMAC-SHA256\n20130524T120000Z\n20130524/eu-central-1/s3/"));
    let shown = format!("{error:?}");
    for secret in ["c2VjcmV0", "dG9rZW4=", "c2Vzc2lvbg=="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn who_does_not_sign_is_nobody_and_vouches_for_nothing() {
    let nobody = || Request::plain().without("authorization");
    let verified = nobody().verify().unwrap();
    assert_eq!(verified.access_key(), None);
    let payload = "x-amz-content-sha256";
    let frames = nobody()
        .without(payload)
        .with(payload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    assert_eq!(code(&frames), Some(ErrorCode::InvalidRequest));
    let token = nobody().with("x-amz-security-token", "t");
    assert_eq!(code(&token), Some(ErrorCode::InvalidToken));
    let twice = nobody().with("host", "other");
    assert_eq!(code(&twice), Some(ErrorCode::InvalidRequest));
}
