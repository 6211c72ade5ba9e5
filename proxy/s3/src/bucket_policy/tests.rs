//! Policies as AWS's documents have them, and every operator.

use http::HeaderMap;
use http::HeaderName;

use super::*;

const MODE: &str = "x-amz-server-side-encryption";

/// AWS, "Protecting data with server-side encryption": the classic pair.
const PAIR: &str = r#"{"Version": "2012-10-17", "Id": "PutObjPolicy", "Statement": [
  {"Sid": "DenyIncorrectEncryptionHeader", "Effect": "Deny", "Principal": "*",
   "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*",
   "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}},
  {"Sid": "DenyUnEncryptedObjectUploads", "Effect": "Deny", "Principal": "*",
   "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*",
   "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}}]}"#;

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let entries = headers.iter().map(|(name, value)| {
        let name = HeaderName::try_from(*name).unwrap();
        (name, HeaderValue::try_from(*value).unwrap())
    });
    entries.collect()
}

fn denied(
    policy: &str,
    headers: &[(&str, &str)],
    change: fn(&mut PolicyCall<'_>),
) -> Option<String> {
    let policy = BucketPolicy::parse(policy.as_bytes()).unwrap();
    let headers = map(headers);
    let asked = SseAsked::read(&headers).unwrap();
    let mut call = PolicyCall {
        names: &["app", "AKAPP"],
        action: "PutObject",
        bucket: "bucket",
        object: "a/b",
        asked: &asked,
        secure: true,
    };
    change(&mut call);
    policy.denies(&call).map(str::to_owned)
}

/// A policy of one statement with that condition.
fn with(condition: &str) -> String {
    format!(
        r#"{{"Statement": {{"Sid": "x", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "*", "Condition": {condition}}}}}"#
    )
}

#[test]
fn the_classic_pair_takes_only_sse_s3() {
    let keep = |_: &mut PolicyCall<'_>| ();
    for (headers, sid) in [
        (vec![], Some("DenyIncorrectEncryptionHeader")),
        (
            vec![(MODE, "aws:kms")],
            Some("DenyIncorrectEncryptionHeader"),
        ),
        (vec![(MODE, "AES256")], None),
        (vec![("x-obs-server-side-encryption", "AES256")], None),
        (
            vec![("x-obs-server-side-encryption", "kms")],
            Some("DenyIncorrectEncryptionHeader"),
        ),
    ] {
        assert_eq!(denied(PAIR, &headers, keep).as_deref(), sid, "{headers:?}");
    }
    assert_eq!(denied(PAIR, &[], |call| call.action = "GetObject"), None);
    assert_eq!(denied(PAIR, &[], |call| call.bucket = "bucket2"), None);
}

#[test]
fn operators_mean_what_they_mean_on_aws() {
    let keep = |_: &mut PolicyCall<'_>| ();
    let kms = [(MODE, "aws:kms")];
    let key = "s3:x-amz-server-side-encryption";
    for (condition, none, of_kms) in [
        (format!(r#"{{"Null": {{"{key}": "true"}}}}"#), true, false),
        (format!(r#"{{"Null": {{"{key}": false}}}}"#), false, true),
        (
            format!(r#"{{"StringEquals": {{"{key}": "aws:kms"}}}}"#),
            false,
            true,
        ),
        (
            format!(r#"{{"StringEquals": {{"{key}": ["AES256", "aws:kms"]}}}}"#),
            false,
            true,
        ),
        (
            format!(r#"{{"StringEqualsIfExists": {{"{key}": "AES256"}}}}"#),
            true,
            false,
        ),
        (
            format!(r#"{{"StringNotEquals": {{"{key}": ["AES256", "aws:kms"]}}}}"#),
            true,
            false,
        ),
        (
            format!(r#"{{"StringNotEquals": {{"{key}": "AES256"}}}}"#),
            true,
            true,
        ),
        (
            format!(r#"{{"StringLike": {{"{key}": "aws:*"}}}}"#),
            false,
            true,
        ),
        (
            format!(r#"{{"StringNotLike": {{"{key}": "aws:*"}}}}"#),
            true,
            false,
        ),
        (
            format!(
                r#"{{"Null": {{"{key}": "false"}}, "Bool": {{"aws:SecureTransport": "false"}}}}"#
            ),
            false,
            false,
        ),
        (
            r#"{"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "true"}}"#
                .to_owned(),
            true,
            true,
        ),
    ] {
        let policy = with(&condition);
        assert_eq!(denied(&policy, &[], keep).is_some(), none, "{condition}");
        assert_eq!(denied(&policy, &kms, keep).is_some(), of_kms, "{condition}");
    }
}

#[test]
fn principals_are_named_by_their_users() {
    let policy = |principal: &str| {
        with(r#"{"Null": {"s3:x-amz-server-side-encryption": "true"}}"#).replace(
            r#""Principal": "*""#,
            &format!(r#""Principal": {principal}"#),
        )
    };
    let keep = |_: &mut PolicyCall<'_>| ();
    for (principal, fits) in [
        (r#"{"AWS": "*"}"#, true),
        (r#"{"AWS": "arn:aws:iam::1:user/app"}"#, true),
        (r#"{"AWS": ["arn:aws:iam::1:user/other", "AKAPP"]}"#, true),
        (r#"{"AWS": "arn:aws:iam::1:user/other"}"#, false),
    ] {
        let found = denied(&policy(principal), &[], keep).is_some();
        assert_eq!(found, fits, "{principal}");
    }
    for principal in [
        r#"{"AWS": "arn:aws:iam::1:root"}"#,
        r#"{"Service": "x"}"#,
        r#"{"AWS": "a", "Service": "x"}"#,
        r#""app""#,
    ] {
        let refused = BucketPolicy::parse(policy(principal).as_bytes()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotImplemented, "{principal}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let null = r#"{"Null": {"s3:x-amz-server-side-encryption": "true"}}"#;
    let good = with(null);
    for bad in [
        good.replace("Deny", "Allow"),
        good.replace(r#""Resource""#, r#""NotResource""#),
        good.replace(r#""Action""#, r#""NotAction""#),
        good.replace(r#""Principal""#, r#""NotPrincipal""#),
        good.replace("Null", "ArnLike"),
        with(
            r#"{"Null": {"s3:x-amz-server-side-encryption": "true"}, "IpAddress": {"aws:SourceIp": "1.2.3.4"}}"#,
        ),
        with(r#"{"StringLike": {"s3:x-amz-server-side-encryption-context": "x"}}"#),
    ] {
        let refused = BucketPolicy::parse(bad.as_bytes()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotImplemented, "{bad}");
    }
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"Statement": 1}"#,
        r#"{"Statement": [1]}"#,
    ] {
        let refused = BucketPolicy::parse(bad.as_bytes()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::MalformedPolicy, "{bad}");
    }
}

#[test]
fn statements_about_other_things_are_left_over() {
    let other = r#"{"Sid": "ip", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "1.2.3.4"}}}"#;
    let mixed = PAIR.replace("[\n", &format!("[{other},"));
    let policy = BucketPolicy::parse(mixed.as_bytes()).unwrap();
    assert!(policy.judges());
    let rest: Value = serde_json::from_str(policy.rest.as_deref().unwrap()).unwrap();
    let expected: Value = serde_json::from_str(other).unwrap();
    assert_eq!(rest["Statement"], Value::Array(vec![expected]));
    assert_eq!(rest["Id"], "PutObjPolicy");
    assert_eq!(BucketPolicy::parse(PAIR.as_bytes()).unwrap().rest, None);
}

#[test]
fn stars_and_question_marks_are_wildcards() {
    for (pattern, text, fits) in [
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*b*", "abc", true),
        ("a*", "b", false),
        ("bucket/*", "bucket/x/y", true),
        ("bucket/*", "bucket2/x", false),
    ] {
        assert_eq!(like(pattern, text), fits, "{pattern} {text}");
    }
}
