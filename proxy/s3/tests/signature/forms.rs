//! Forms as a page of the key's owner makes them, and what becomes of other forms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use s3::Error;
use s3::ErrorCode;
use s3::Expectation;
use s3::Form;
use s3::FormCall;
use s3::FormReader;
use s3::Head;
use s3::Limits;
use s3::Read;
use s3::SecretKey;
use s3::Verified;
use s3::verify_form;
use time::Duration;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::request::ACCESS_KEY as KEY;
use crate::request::SECRET;
use crate::version2::signature;

const NOW: OffsetDateTime = datetime!(2015-12-29 12:00 UTC);
const END: &str = "2015-12-30T12:00:00.000Z";

/// AWS's own example ("Browser-based upload using HTTP POST"): the policy as published, line ends
/// and all, and its signature.
const EXAMPLE_POLICY: &str = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
const EXAMPLE_SIGNATURE: &str = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";

const EXAMPLE: [(&str, &str); 12] = [
    ("key", "user/user1/${filename}"),
    ("acl", "public-read"),
    (
        "success_action_redirect",
        "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
    ),
    ("Content-Type", "image/jpeg"),
    ("x-amz-meta-uuid", "14365123651274"),
    ("x-amz-server-side-encryption", "AES256"),
    (
        "X-Amz-Credential",
        "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
    ),
    ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
    ("X-Amz-Date", "20151229T000000Z"),
    ("x-amz-meta-tag", ""),
    ("Policy", EXAMPLE_POLICY),
    ("X-Amz-Signature", EXAMPLE_SIGNATURE),
];

fn form(fields: &[(&str, &str)]) -> Form {
    let mut body = String::new();
    for (name, value) in fields {
        for piece in [
            "--B\r\nContent-Disposition: form-data; name=\"",
            name,
            "\"\r\n\r\n",
            value,
            "\r\n",
        ] {
            body.push_str(piece);
        }
    }
    body += "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n";
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        "multipart/form-data; boundary=B".parse().unwrap(),
    );
    headers.insert("content-length", 1_000_000.into());
    let reader = FormReader::new(&headers).unwrap();
    match reader.push(&Bytes::from(body)).unwrap() {
        Read::File { form, .. } => form,
        Read::Fields(_) => panic!("no file"),
    }
}

/// What is asked of a form, all of it right until a test changes it.
#[derive(Clone)]
struct Asked {
    headers: HeaderMap,
    query: &'static str,
    bucket: &'static str,
    file_len: u64,
    now: OffsetDateTime,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            query: "",
            bucket: "sigv4examplebucket",
            file_len: 100,
            now: NOW,
        }
    }
}

impl Asked {
    fn verify(&self, form: &Form) -> Result<Verified, Error> {
        let call = FormCall {
            head: Head {
                method: &Method::POST,
                raw_path: "/",
                raw_query: self.query,
                headers: &self.headers,
            },
            bucket: self.bucket,
            form,
            file_len: self.file_len,
        };
        let secret = SecretKey::new(SECRET.to_owned());
        let secrets = |key: &str| (key == KEY).then_some(&secret);
        let expect = Expectation {
            now: self.now,
            region: "us-east-1",
            host_bucket: None,
            limits: Limits::default(),
        };
        verify_form(&call, &secrets, &expect)
    }

    fn refusal(&self, form: &Form) -> Option<(ErrorCode, String)> {
        let refusal = self.verify(form).err();
        refusal.map(|error| (error.code, error.message))
    }

    fn code(&self, form: &Form) -> Option<ErrorCode> {
        self.refusal(form).map(|refusal| refusal.0)
    }
}

/// AWS's example with one field changed, or left out.
fn example_with(name: &str, value: Option<&str>) -> Form {
    let fields = EXAMPLE.iter().filter_map(|(known, right)| {
        if known.eq_ignore_ascii_case(name) {
            value.map(|value| (*known, value))
        } else {
            Some((*known, *right))
        }
    });
    form(&fields.collect::<Vec<_>>())
}

#[test]
fn the_documented_form_verifies() {
    let verified = Asked::default().verify(&form(&EXAMPLE)).unwrap();
    assert_eq!(verified.access_key(), Some(KEY));
}

#[test]
fn a_missing_field_of_the_proof_is_named() {
    for name in [
        "policy",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-signature",
    ] {
        let refusal = Asked::default().refusal(&example_with(name, None));
        let (code, message) = refusal.unwrap();
        assert_eq!(code, ErrorCode::InvalidArgument, "{name}");
        let text = format!("Bucket POST must contain a field named '{name}'.");
        assert!(message.starts_with(&text), "{message}");
    }
    let alone = form(&[("key", "k"), ("policy", EXAMPLE_POLICY)]);
    assert_eq!(
        Asked::default().code(&alone),
        Some(ErrorCode::InvalidArgument)
    );
}

#[test]
fn a_field_of_the_proof_that_is_wrong_is_refused() {
    let credential = |text: &str| format!("{KEY}/{text}/aws4_request");
    for (name, value, code) in [
        ("x-amz-signature", "00", ErrorCode::SignatureDoesNotMatch),
        (
            "x-amz-algorithm",
            "AWS4-HMAC-SHA1",
            ErrorCode::InvalidArgument,
        ),
        ("x-amz-date", "2015-12-29", ErrorCode::InvalidArgument),
        (
            "x-amz-date",
            "20151228T000000Z",
            ErrorCode::AuthorizationQueryParametersError,
        ),
        (
            "x-amz-credential",
            &credential("20151229/eu-west-1/s3"),
            ErrorCode::AuthorizationQueryParametersError,
        ),
        (
            "x-amz-credential",
            "AKIDOTHER/20151229/us-east-1/s3/aws4_request",
            ErrorCode::InvalidAccessKeyId,
        ),
        (
            "x-amz-credential",
            KEY,
            ErrorCode::AuthorizationHeaderMalformed,
        ),
        (
            "policy",
            &EXAMPLE_POLICY.replacen("eyAi", "eyAg", 1),
            ErrorCode::SignatureDoesNotMatch,
        ),
    ] {
        let changed = example_with(name, Some(value));
        assert_eq!(
            Asked::default().code(&changed),
            Some(code),
            "{name}={value}"
        );
    }
}

#[test]
fn a_field_that_the_policy_does_not_allow_is_refused() {
    for (name, value, why) in [
        (
            "key",
            "user/user2/x",
            "Policy Condition failed: [\"starts-with\", \"$key\", \"user/user1/\"]",
        ),
        (
            "acl",
            "private",
            "Policy Condition failed: [\"eq\", \"$acl\", \"public-read\"]",
        ),
        (
            "content-type",
            "text/html",
            "Policy Condition failed: [\"starts-with\", \"$content-type\", \"image/\"]",
        ),
        (
            "content-type",
            "image/a, text/html",
            "Policy Condition failed: [\"starts-with\", \"$content-type\", \"image/\"]",
        ),
    ] {
        let (code, message) = Asked::default()
            .refusal(&example_with(name, Some(value)))
            .unwrap();
        assert_eq!(code, ErrorCode::AccessDenied);
        assert_eq!(message, format!("Invalid according to Policy: {why}"));
    }
    let mut more = EXAMPLE.to_vec();
    more.push(("x-amz-meta-more", "1"));
    let refusal = Asked::default().refusal(&form(&more)).unwrap();
    assert_eq!(
        refusal.1,
        "Invalid according to Policy: Extra input fields: x-amz-meta-more"
    );
    more.pop();
    more.push(("x-ignore-more", "1"));
    assert_eq!(Asked::default().code(&form(&more)), None);
    let left_out = example_with("acl", None);
    assert_eq!(
        Asked::default().code(&left_out),
        Some(ErrorCode::AccessDenied)
    );
    let empty = example_with("x-amz-meta-tag", None);
    assert_eq!(
        Asked::default().code(&empty),
        None,
        "a prefix of nothing needs no field"
    );
}

#[test]
fn a_form_is_for_its_bucket_and_its_time() {
    let example = form(&EXAMPLE);
    let elsewhere = Asked {
        bucket: "other",
        ..Asked::default()
    };
    assert_eq!(elsewhere.code(&example), Some(ErrorCode::AccessDenied));
    let end = datetime!(2015-12-30 12:00 UTC);
    let signed = datetime!(2015-12-29 00:00 UTC);
    for (now, code) in [
        (end, None),
        (end + Duration::SECOND, Some(ErrorCode::AccessDenied)),
        (signed - Duration::minutes(15), None),
        (
            signed - Duration::minutes(15) - Duration::SECOND,
            Some(ErrorCode::AccessDenied),
        ),
    ] {
        let then = Asked {
            now,
            ..Asked::default()
        };
        assert_eq!(then.code(&example), code, "{now}");
    }
}

#[test]
fn a_request_has_one_proof_and_nothing_that_it_does_not_cover() {
    let example = form(&EXAMPLE);
    let with = |name: &'static str, value: &str| {
        let mut asked = Asked::default();
        asked.headers.insert(name, value.parse().unwrap());
        asked.code(&example)
    };
    let authorization = "AWS AKIAIOSFODNN7EXAMPLE:c2ln";
    assert_eq!(
        with("authorization", authorization),
        Some(ErrorCode::InvalidArgument)
    );
    assert_eq!(
        with("x-amz-acl", "public-read"),
        Some(ErrorCode::AccessDenied)
    );
    assert_eq!(
        with("x-obs-acl", "public-read"),
        Some(ErrorCode::AccessDenied)
    );
    assert_eq!(with("origin", "http://a"), None);
    let presigned = Asked {
        query: "AWSAccessKeyId=A&Expires=1&Signature=x",
        ..Asked::default()
    };
    assert_eq!(presigned.code(&example), Some(ErrorCode::InvalidArgument));
    for field in [("signature", "x"), ("AWSAccessKeyId", KEY)] {
        let mut both = EXAMPLE.to_vec();
        both.push(field);
        assert_eq!(
            Asked::default().code(&form(&both)),
            Some(ErrorCode::InvalidArgument)
        );
    }
    let mut token = EXAMPLE.to_vec();
    token.push(("x-amz-security-token", "t"));
    assert_eq!(
        Asked::default().code(&form(&token)),
        Some(ErrorCode::InvalidToken)
    );
}

#[test]
fn a_form_without_a_policy_is_nobodys() {
    let verified = Asked::default().verify(&form(&[("key", "k"), ("acl", "private")]));
    assert_eq!(verified.unwrap().access_key(), None);
}

/// A form of Version 2 under a policy with these conditions.
fn version_2(conditions: &str, fields: &[(&str, &str)]) -> Form {
    version_2_document(
        &format!("{{\"expiration\": \"{END}\", \"conditions\": [{conditions}]}}"),
        fields,
    )
}

fn version_2_document(document: &str, fields: &[(&str, &str)]) -> Form {
    let policy = STANDARD.encode(document);
    let signature = signature(&policy);
    let proof = [
        ("AWSAccessKeyId", KEY),
        ("policy", &*policy),
        ("signature", &*signature),
    ];
    form(&[&proof[..], fields].concat())
}

#[test]
fn version_2_signs_the_policy_alone() {
    let policy = "eyJleHBpcmF0aW9uIjoiMjAzMC0wMS0wMVQwMDowMDowMC4wMDBaIiwiY29uZGl0aW9ucyI6W3siYnVja2V0IjoiYnVja2V0LXRlc3QifSxbInN0YXJ0cy13aXRoIiwiJGtleSIsIiJdXX0=";
    let signature = signature(policy);
    let fields = |signature: &str| {
        form(&[
            ("key", "k"),
            ("AWSAccessKeyId", KEY),
            ("policy", policy),
            ("signature", signature),
        ])
    };
    let asked = Asked {
        bucket: "bucket-test",
        ..Asked::default()
    };
    assert_eq!(asked.code(&fields(&signature)), None);
    assert_eq!(
        asked.code(&fields("AAAA")),
        Some(ErrorCode::SignatureDoesNotMatch)
    );
}

const PLACE: &str = "{\"bucket\": \"sigv4examplebucket\"}, [\"starts-with\", \"$key\", \"\"]";

#[test]
fn the_length_of_the_file_is_judged_at_both_ends() {
    let range = "[\"content-length-range\", 10, \"20\"]";
    let form = version_2(&format!("{PLACE}, {range}"), &[("key", "k")]);
    for (file_len, code) in [
        (9, Some(ErrorCode::EntityTooSmall)),
        (10, None),
        (20, None),
        (21, Some(ErrorCode::EntityTooLarge)),
    ] {
        let asked = Asked {
            file_len,
            ..Asked::default()
        };
        assert_eq!(asked.code(&form), code, "{file_len}");
    }
}

#[test]
fn a_policy_that_cannot_be_read_is_refused() {
    let conditions = |text: &str| format!("{{\"expiration\": \"{END}\", \"conditions\": {text}}}");
    for document in [
        "",
        "[]",
        "{}",
        "{\"conditions\": []}",
        "{\"expiration\": 1, \"conditions\": []}",
        "{\"expiration\": \"tomorrow\", \"conditions\": []}",
        &format!("{{\"expiration\": \"{END}\"}}"),
        &conditions("{}"),
        &conditions("[1]"),
        &conditions("[{\"acl\": 1}]"),
        &conditions("[[]]"),
        &conditions("[[\"eq\", \"$acl\"]]"),
        &conditions("[[\"eq\", \"acl\", \"x\"]]"),
        &conditions("[[\"eq\", \"$acl\", 1]]"),
        &conditions("[[\"ends-with\", \"$acl\", \"x\"]]"),
        &conditions("[[\"content-length-range\", 1]]"),
        &conditions("[[\"content-length-range\", -1, 1]]"),
        &conditions("[[\"content-length-range\", \"a\", 1]]"),
    ] {
        let form = version_2_document(document, &[("key", "k")]);
        let code = Asked::default().code(&form);
        assert_eq!(code, Some(ErrorCode::InvalidPolicyDocument), "{document}");
    }
}

#[test]
fn a_policy_without_a_word_of_the_bucket_is_for_none() {
    let form = version_2("[\"starts-with\", \"$key\", \"\"]", &[("key", "k")]);
    let (code, message) = Asked::default().refusal(&form).unwrap();
    assert_eq!(code, ErrorCode::AccessDenied);
    assert_eq!(
        message,
        "Invalid according to Policy: Extra input fields: bucket"
    );
}

#[test]
fn a_refusal_tells_no_customers_key() {
    let name = "x-amz-server-side-encryption-customer-key";
    let condition = format!("{PLACE}, {{\"{name}\": \"c2VjcmV0\"}}");
    let form = version_2(&condition, &[("key", "k"), (name, "b3RoZXI=")]);
    let error = Asked::default().verify(&form).unwrap_err();
    assert_eq!(error.code, ErrorCode::AccessDenied);
    let told = format!("{error:?} {form:?}");
    assert!(
        !told.contains("c2VjcmV0") && !told.contains("b3RoZXI="),
        "{told}"
    );
}
