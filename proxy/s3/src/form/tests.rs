#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=B";

/// A form of `fields` with `file`, and what follows it.
fn body(fields: &[(&str, &str)], file: &[u8], end: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = "--B\r\nContent-Disposition: form-data; name=";
        body.extend_from_slice(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(end.as_bytes());
    body
}

const END: &str = "\r\n--B--\r\n";

fn reader(content_type: &str, len: &str) -> Result<FormReader, Error> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", content_type.parse().unwrap());
    headers.insert("content-length", len.parse().unwrap());
    FormReader::new(&headers)
}

/// The form and the file of a body that comes in pieces of `step` bytes.
fn read(body: &[u8], step: usize) -> Result<(Form, Vec<u8>), Error> {
    let mut reader = Some(reader(TYPE, &body.len().to_string())?);
    let mut found: Option<(Form, FormFile)> = None;
    let mut plain = Vec::new();
    for piece in body.chunks(step) {
        let piece = Bytes::copy_from_slice(piece);
        if let Some((_, file)) = &mut found {
            plain.extend_from_slice(&file.push(piece)?);
            continue;
        }
        match reader.take().unwrap().push(&piece)? {
            Read::Fields(more) => reader = Some(more),
            Read::File {
                form,
                mut file,
                rest,
            } => {
                plain.extend_from_slice(&file.push(rest)?);
                found = Some((form, file));
            }
        }
    }
    let (form, file) = found.ok_or_else(malformed)?;
    assert_eq!(file.len(), plain.len() as u64);
    file.finish()?;
    Ok((form, plain))
}

fn refusal(body: &[u8]) -> Option<ErrorCode> {
    let whole = read(body, body.len().max(1)).err().map(|error| error.code);
    let dripped = read(body, 1).err().map(|error| error.code);
    assert_eq!(whole, dripped);
    whole
}

#[test]
fn fields_and_file_are_read_however_the_body_is_cut() {
    let fields = [
        ("Key", "a/${filename}"),
        ("empty", ""),
        ("text", "\u{fc}\r\n--"),
    ];
    for file in [
        &b""[..],
        b"x",
        b"\r\n",
        b"\r\n--",
        b"--B",
        b"\r\n--b--\r\n",
        b"line\r\nline",
    ] {
        let body = body(&fields, file, END);
        for step in [1, 2, 3, 7, body.len()] {
            let (form, plain) = read(&body, step).unwrap();
            assert_eq!(plain, file);
            assert_eq!(form.key().unwrap().as_str(), "a/a.txt");
            assert_eq!(form.get("empty"), Some(""));
            assert_eq!(form.get("text"), Some("\u{fc}\r\n--"));
        }
    }
}

proptest! {
    #[test]
    fn a_file_comes_out_as_it_went_in(
        file in proptest::collection::vec(any::<u8>(), 0..300),
        step in 1_usize..400,
    ) {
        let body = body(&[("key", "k")], &file, END);
        prop_assert_eq!(read(&body, step).unwrap().1, file);
    }
}

#[test]
fn a_form_that_ends_otherwise_is_refused() {
    for end in [
        "",
        "\r\n--B--",
        "\r\n--B\r\n",
        "\r\n--B--\r\n ",
        "\n--B--\n\r\n",
        "\r\n--C--\r\n",
    ] {
        let body = body(&[("key", "k")], b"0123456789", end);
        assert_eq!(
            refusal(&body),
            Some(ErrorCode::MalformedPostRequest),
            "{end:?}"
        );
    }
    let more = "\r\n--B\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nGo\r\n--B--\r\n";
    let body = body(&[("key", "k")], b"0123456789", more);
    assert_eq!(refusal(&body), Some(ErrorCode::MalformedPostRequest));
}

#[test]
fn bodies_that_are_no_forms_are_refused() {
    for (body, code) in [
        (&b"x"[..], ErrorCode::MalformedPostRequest),
        (b"--C\r\n", ErrorCode::MalformedPostRequest),
        (b"--Bx\r\n", ErrorCode::MalformedPostRequest),
        (b"--B\r\n\r\n\r\n\r\n", ErrorCode::MalformedPostRequest),
        (b"--B--\r\n", ErrorCode::InvalidArgument),
        (
            b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n",
            ErrorCode::InvalidArgument,
        ),
        (
            b"--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n",
            ErrorCode::MalformedPostRequest,
        ),
    ] {
        assert_eq!(refusal(body), Some(code), "{}", body.escape_ascii());
    }
    let twice = body(&[("key", "a"), ("KEY", "b")], b"", END);
    assert_eq!(refusal(&twice), Some(ErrorCode::InvalidArgument));
}

/// 20 KiB may stand before the file, its own head included.
#[test]
fn what_stands_before_the_file_is_bounded() {
    let with = |len: usize| body(&[("key", &"k".repeat(len))], b"file", END);
    let overhead = with(0).len() - "file".len() - END.len() + "\r\n".len();
    let most = (20 << 10) - overhead;
    assert_eq!(refusal(&with(most)), None);
    let code = Some(ErrorCode::MaxPostPreDataLengthExceeded);
    assert_eq!(refusal(&with(most + 1)), code);
    assert_eq!(refusal(&with(100 << 10)), code);
}

#[test]
fn a_request_says_that_it_is_a_form_and_how_long_it_is() {
    let code = |content_type, len| reader(content_type, len).err().map(|error| error.code);
    assert_eq!(code(TYPE, "0"), None);
    assert_eq!(
        code("Multipart/Form-Data; charset=x; Boundary=\"a b\"", "1"),
        None
    );
    for content_type in ["", "text/plain; boundary=B", "multipart/mixed; boundary=B"] {
        assert_eq!(code(content_type, "1"), Some(ErrorCode::PreconditionFailed));
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        &*long,
    ] {
        assert_eq!(
            code(content_type, "1"),
            Some(ErrorCode::MalformedPostRequest)
        );
    }
    for len in ["", "-1", "+1", "1 1", "99999999999999999999"] {
        assert_eq!(code(TYPE, len), Some(ErrorCode::InvalidArgument), "{len}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("content-type", TYPE.parse().unwrap());
    let missing = FormReader::new(&headers).unwrap_err().code;
    assert_eq!(missing, ErrorCode::MissingContentLength);
}

fn form(fields: &[(&str, &str)]) -> Form {
    read(&body(fields, b"", END), 64).unwrap().0
}

#[test]
fn fields_are_the_headers_of_an_upload() {
    let form = form(&[
        ("key", "k"),
        ("acl", "private"),
        ("Content-Type", "text/x"),
        ("x-amz-meta-A", "\u{fc}"),
        (
            "tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        ),
        ("policy", "p"),
        ("x-amz-signature", "s"),
        ("x-amz-date", "d"),
        ("success_action_status", "201"),
        ("x-ignore-me", "i"),
        ("other", "o"),
    ]);
    let headers = form.headers(7).unwrap();
    let mut names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content-length",
            "content-type",
            "x-amz-acl",
            "x-amz-meta-a",
            "x-amz-tagging"
        ]
    );
    assert_eq!(headers["content-length"], "7");
    assert_eq!(headers["x-amz-tagging"], "a=b");
    assert_eq!(headers["x-amz-meta-a"].as_bytes(), "\u{fc}".as_bytes());
}

#[test]
fn a_field_that_is_no_header_value_is_refused() {
    for (name, value) in [
        ("x-amz-meta-a", "a\r\nx-amz-acl: public-read"),
        ("content-type", "\0"),
        ("x-amz-meta-a b", ""),
    ] {
        let refused = form(&[("key", "k"), (name, value)]).headers(0);
        assert_eq!(
            refused.unwrap_err().code,
            ErrorCode::InvalidArgument,
            "{name}"
        );
    }
    let twice = form(&[("acl", "private"), ("x-amz-acl", "public-read")]).headers(0);
    assert_eq!(twice.unwrap_err().code, ErrorCode::InvalidArgument);
}

#[test]
fn success_is_told_as_the_form_wants_it() {
    let redirect = |address: &str| Success::Redirect(address.to_owned());
    for (fields, success) in [
        (&[][..], Success::NoContent),
        (&[("success_action_status", "200")], Success::Ok),
        (&[("success_action_status", "201")], Success::Created),
        (&[("success_action_status", "204")], Success::NoContent),
        (&[("success_action_status", "404")], Success::NoContent),
        (
            &[("success_action_redirect", "http://a/b")],
            redirect("http://a/b"),
        ),
        (&[("redirect", "https://a")], redirect("https://a")),
        (
            &[
                ("success_action_redirect", "javascript:x"),
                ("success_action_status", "201"),
            ],
            Success::Created,
        ),
    ] {
        assert_eq!(form(fields).success(), success, "{fields:?}");
    }
    assert_eq!(
        Success::location("http://a/?x=1", "bucket", "a b&c", "\"e\""),
        "http://a/?x=1&bucket=bucket&key=a%20b%26c&etag=%22e%22"
    );
}
