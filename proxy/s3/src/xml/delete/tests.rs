#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// The body of a request with `inner` as its content.
fn request(inner: &str) -> String {
    format!("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</Delete>")
}

fn parse(inner: &str) -> Result<DeleteRequest, ErrorCode> {
    parse_request(request(inner).as_bytes()).map_err(|failure| failure.code)
}

fn keys(inner: &str) -> Result<Vec<String>, ErrorCode> {
    let parsed = parse(inner)?;
    let keys = parsed.objects.iter().map(|object| object.key.to_string());
    Ok(keys.collect())
}

fn objects(count: usize) -> String {
    "<Object><Key>k</Key></Object>".repeat(count)
}

#[test]
fn reads_what_clients_send() {
    let parsed = parse(
        "\n  <Quiet>true</Quiet>\n  <Object>\n <Key>a/b c</Key><VersionId>v</VersionId></Object>\
         <!-- a comment --><Object><ETag>\"e\"</ETag><Key>d</Key></Object>",
    )
    .unwrap();
    assert!(parsed.quiet);
    let [first, second] = &parsed.objects[..] else {
        panic!("there are two objects");
    };
    assert_eq!(first.key.as_str(), "a/b c");
    assert_eq!(first.version_id.as_deref(), Some("v"));
    assert_eq!(first.etag, None);
    assert_eq!(second.version_id, None);
    assert_eq!(second.etag.as_deref(), Some("\"e\""));
}

#[test]
fn quiet_is_what_it_says() {
    for (text, quiet) in [
        ("true", true),
        ("True", true),
        ("1", true),
        ("false", false),
        ("", false),
    ] {
        let inner = format!("<Quiet>{text}</Quiet>{}", objects(1));
        assert_eq!(parse(&inner).unwrap().quiet, quiet, "{text}");
    }
    assert!(!parse(&objects(1)).unwrap().quiet);
}

#[test]
fn keys_are_read_to_the_letter() {
    for (xml, key) in [
        (" a ", " a "),
        ("a&amp;b&lt;c&gt;&quot;&apos;", "a&b<c>\"'"),
        ("&#x41;&#66;&#xD;&#x1F600;", "AB\r\u{1f600}"),
        ("<![CDATA[<a&amp;b>]]>", "<a&amp;b>"),
        ("a<!-- -->b", "ab"),
        ("a%2Fb+c", "a%2Fb+c"),
        ("../a//", "../a//"),
        ("über", "über"),
        ("a\r\nb\rc", "a\nb\nc"),
    ] {
        let inner = format!("<Object><Key>{xml}</Key></Object>");
        assert_eq!(keys(&inner), Ok(vec![key.to_owned()]), "{xml}");
    }
}

#[test]
fn there_are_1_to_1000_objects() {
    for (count, is_ok) in [(0, false), (1, true), (1000, true), (1001, false)] {
        let expected = is_ok.then_some(count).ok_or(ErrorCode::MalformedXml);
        assert_eq!(
            parse(&objects(count)).map(|parsed| parsed.objects.len()),
            expected
        );
    }
}

#[test]
fn requests_have_a_longest_length() {
    let padded = |len: usize| {
        let xml = request(&objects(1));
        let blanks = " ".repeat(len - xml.len());
        parse_request(format!("{xml}{blanks}").as_bytes())
    };
    assert!(padded(REQUEST_LEN_MAX).is_ok());
    let failure = padded(REQUEST_LEN_MAX + 1).unwrap_err();
    assert_eq!(failure.code, ErrorCode::MaxMessageLengthExceeded);
}

#[test]
fn keys_have_1_to_1024_bytes() {
    let of_len = |len| keys(&format!("<Object><Key>{}</Key></Object>", "k".repeat(len)));
    assert_eq!(of_len(0), Err(ErrorCode::MalformedXml));
    assert!(of_len(1024).is_ok());
    assert_eq!(of_len(1025), Err(ErrorCode::KeyTooLong));
}

#[test]
fn refuses_what_could_mean_something_else() {
    for inner in [
        "<Object/>",
        "<Object><Key/></Object>",
        "<Object><Key>a</Key><Key>b</Key></Object>",
        "<Object><Key>a</Key><VersionId>1</VersionId><VersionId>2</VersionId></Object>",
        "<Object><Key>a</Key><Size>5</Size></Object>",
        "<Object><Key>a</Key></Object><Condition>b</Condition>",
        "<Quiet>true</Quiet><Quiet>false</Quiet><Object><Key>a</Key></Object>",
        "<object><Key>a</Key></object>",
    ] {
        assert_eq!(keys(inner), Err(ErrorCode::MalformedXml), "{inner}");
    }
}

#[test]
fn refuses_what_is_no_request() {
    let bomb = "<!DOCTYPE Delete [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
                <Delete><Object><Key>&b;</Key></Object></Delete>";
    let outside = "<!DOCTYPE Delete [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\
                   <Delete><Object><Key>&a;</Key></Object></Delete>";
    let deep = format!(
        "<Delete>{}{}</Delete>",
        "<a>".repeat(100),
        "</a>".repeat(100)
    );
    for xml in [
        "",
        " ",
        "a",
        "<Delete>",
        "<Delete/>",
        "<Delete/><Delete/>",
        "<Remove><Object><Key>a</Key></Object></Remove>",
        "<Delete><Object><Key>a</Object></Key></Delete>",
        "<Delete><Object><Key>&unknown;</Key></Object></Delete>",
        "<Delete><Object><Key>&#0;</Key></Object></Delete>",
        "<Delete><Object><Key>&#xD800;</Key></Object></Delete>",
        "<Delete><Object><Key>a\0</Key></Object></Delete>",
        bomb,
        outside,
        &deep,
    ] {
        let failure = parse_request(xml.as_bytes()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::MalformedXml, "{xml}");
    }
    let latin = b"<Delete><Object><Key>\xfcber</Key></Object></Delete>";
    assert_eq!(
        parse_request(latin).unwrap_err().code,
        ErrorCode::MalformedXml
    );
}

#[test]
fn answers_of_other_stores_are_read() {
    let xml = "<?xml version=\"1.0\"?><DeleteResult xmlns=\"x\"><Deleted><Key>a</Key>\
               <DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId>\
               </Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message/></Error>\
               <More/></DeleteResult>";
    let result = parse_result(xml.as_bytes()).unwrap();
    assert!(result.deleted[0].delete_marker);
    assert_eq!(result.errors[0].code, "AccessDenied");
    for xml in ["", "<Error/>", "<DeleteResult><Deleted/></DeleteResult>"] {
        let failure = parse_result(xml.as_bytes()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::InternalError, "{xml}");
    }
}

/// Any text an XML document can carry.
fn texts() -> impl Strategy<Value = String> {
    vec(
        any::<char>().prop_filter("XML has no NUL", |c| *c != '\0'),
        1..30,
    )
    .prop_map(String::from_iter)
}

fn requests() -> impl Strategy<Value = DeleteRequest> {
    let object =
        (texts(), option::of(texts()), option::of(texts())).prop_map(|(key, version_id, etag)| {
            DeleteObject {
                key: ObjectName::parse(&key).unwrap(),
                version_id,
                etag,
            }
        });
    (any::<bool>(), vec(object, 1..5)).prop_map(|(quiet, objects)| DeleteRequest { quiet, objects })
}

fn results() -> impl Strategy<Value = DeleteResult> {
    let optional = || option::of(texts());
    let deleted = (texts(), optional(), any::<bool>(), optional()).prop_map(
        |(key, version_id, delete_marker, delete_marker_version_id)| Deleted {
            key,
            version_id,
            delete_marker,
            delete_marker_version_id,
        },
    );
    let error =
        (texts(), optional(), texts(), texts()).prop_map(|(key, version_id, code, message)| {
            DeleteError {
                key,
                version_id,
                code,
                message,
            }
        });
    (vec(deleted, 0..4), vec(error, 0..4))
        .prop_map(|(deleted, errors)| DeleteResult { deleted, errors })
}

proptest! {
    #[test]
    fn parse_undoes_render(request in requests(), result in results()) {
        let xml = render_request(&request);
        prop_assert_eq!(parse_request(xml.as_bytes()), Ok(request));
        let xml = render_result(&result);
        prop_assert_eq!(parse_result(xml.as_bytes()), Ok(result));
    }

    #[test]
    fn noise_is_refused(xml in vec(any::<u8>(), 0..100)) {
        prop_assert!(parse_request(&xml).is_err());
        prop_assert!(parse_result(&xml).is_err());
    }
}
