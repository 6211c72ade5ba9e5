#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult \
                    xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bkt</Name><Prefix/>";

/// What was asked of each object.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked(Vec<(String, u64, String, Option<String>)>);

/// Rewrites so that every size grows by one and every `ETag` becomes `new`.
fn all_new(xml: &str) -> Result<(String, Asked), ErrorCode> {
    let mut asked = Asked::default();
    let rewritten = rewrite(xml.as_bytes(), &mut |entry| {
        asked.0.push((
            entry.key.to_owned(),
            entry.size,
            entry.etag.to_owned(),
            entry.version_id.map(str::to_owned),
        ));
        Some(Shown {
            size: entry.size + 1,
            etag: "new".to_owned(),
        })
    });
    let text = String::from_utf8(rewritten.map_err(|failure| failure.code)?).unwrap();
    Ok((text, asked))
}

fn listing(contents: &str) -> String {
    format!("{HEAD}{contents}</ListBucketResult>")
}

#[test]
fn size_and_etag_change_and_nothing_else() {
    let rest = "<LastModified>2026-01-01T00:00:00.000Z</LastModified>\n <Owner><ID>o</ID></Owner>\
                <StorageClass>STANDARD</StorageClass>";
    let end = "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated>";
    let with = |size: &str, etag: &str| {
        listing(&format!(
            "<Contents><Key>a&amp;b</Key>{rest}<ETag>{etag}</ETag><Size>{size}</Size></Contents>{end}"
        ))
    };
    for etag in ["\"old\"", "&quot;old&quot;", "&#34;old&#34;", "old"] {
        let (text, asked) = all_new(&with("41", etag)).unwrap();
        assert_eq!(text, with("42", "&quot;new&quot;"), "{etag}");
        assert_eq!(asked.0, [("a&b".to_owned(), 41, "old".to_owned(), None)]);
    }
}

#[test]
fn elements_may_come_in_any_order() {
    let elements = ["<Key>k</Key>", "<Size>1</Size>", "<ETag>\"e\"</ETag>"];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let contents: String = order.iter().map(|index| elements[*index]).collect();
        let xml = listing(&format!("<Contents>{contents}</Contents>"));
        let (text, asked) = all_new(&xml).unwrap();
        let expected = xml
            .replace("<Size>1", "<Size>2")
            .replace("\"e\"</ETag>", "&quot;new&quot;</ETag>");
        assert_eq!(text, expected);
        assert_eq!(asked.0, [("k".to_owned(), 1, "e".to_owned(), None)]);
    }
}

#[test]
fn where_nothing_is_shown_everything_stays() {
    let contents = "<Contents><Key>k</Key><ETag>e</ETag><ChecksumType>FULL_OBJECT</ChecksumType>\
                    <Size>1</Size></Contents>";
    let xml = listing(contents);
    let same = rewrite(xml.as_bytes(), &mut |_| None).unwrap();
    assert_eq!(same, xml.as_bytes());
    assert_eq!(all_new(HEAD).unwrap_err(), ErrorCode::InternalError);
    let empty = listing("");
    assert_eq!(all_new(&empty).unwrap(), (empty, Asked::default()));
}

#[test]
fn what_speaks_of_the_stored_bytes_goes() {
    let (text, _) = all_new(&listing(
        "<Contents><Key>k</Key><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>1</Size>\
         <ChecksumAlgorithm>SHA1</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>\
         <ETag>e</ETag></Contents>",
    ))
    .unwrap();
    assert!(!text.contains("Checksum"), "{text}");
    assert!(text.contains("<Size>2</Size>"), "{text}");
}

#[test]
fn keys_are_decoded_as_the_listing_says() {
    for (encoding, key, decoded) in [
        ("", "a+b%2Fc", Some("a+b%2Fc")),
        ("<EncodingType/>", "a%20b", Some("a%20b")),
        (
            "<EncodingType>url</EncodingType>",
            "a+b%2Fc%2B%C3%BC/",
            Some("a b/c+ü/"),
        ),
        ("<EncodingType>url</EncodingType>", "%00%0A", Some("\0\n")),
        ("<EncodingType>url</EncodingType>", "%", None),
        ("<EncodingType>url</EncodingType>", "%FF", None),
        ("<EncodingType>base64</EncodingType>", "a", None),
    ] {
        let xml = listing(&format!(
            "{encoding}<Contents><Key>{key}</Key><Size>1</Size></Contents>"
        ));
        let keys = all_new(&xml).map(|(_, asked)| asked.0[0].0.clone());
        let expected = decoded.map(str::to_owned).ok_or(ErrorCode::InternalError);
        assert_eq!(keys, expected, "{encoding} {key}");
    }
}

#[test]
fn versions_are_named_and_delete_markers_are_not_asked_about() {
    let xml = "<ListVersionsResult><Version><Key>k</Key><VersionId>v1</VersionId><ETag>e</ETag>\
               <Size>1</Size></Version><DeleteMarker><Key>k</Key><VersionId>v2</VersionId>\
               </DeleteMarker><Version><Key>k</Key><VersionId>null</VersionId><Size>2</Size>\
               </Version></ListVersionsResult>";
    let (text, asked) = all_new(xml).unwrap();
    assert_eq!(
        asked.0,
        [
            ("k".to_owned(), 1, "e".to_owned(), Some("v1".to_owned())),
            ("k".to_owned(), 2, String::new(), Some("null".to_owned())),
        ]
    );
    assert!(
        text.contains("<Size>2</Size></Version><DeleteMarker>"),
        "{text}"
    );
    assert!(
        text.contains("<Size>3</Size></Version></ListVersionsResult>"),
        "{text}"
    );
}

#[test]
fn prefixes_of_names_do_not_matter() {
    let xml = "<s:ListBucketResult xmlns:s=\"x\"><s:Contents><s:Key>k</s:Key><s:Size>1</s:Size>\
               </s:Contents></s:ListBucketResult>";
    assert_eq!(all_new(xml).unwrap().0, xml.replace(">1<", ">2<"));
}

#[test]
fn refuses_what_it_cannot_read() {
    let entry = |inner: &str| listing(&format!("<Contents>{inner}</Contents>"));
    for xml in [
        String::new(),
        "<Error/>".to_owned(),
        HEAD.to_owned(),
        entry("<Size>1</Size>"),
        entry("<Key>k</Key>"),
        entry("<Key>k</Key><Size/>"),
        entry("<Key>k</Key><Size>-1</Size>"),
        entry("<Key>k</Key><Size>1.5</Size>"),
        entry("<Key>k</Key><Size>18446744073709551616</Size>"),
        entry("<Key>k</Key><Key>l</Key><Size>1</Size>"),
        entry("<Key>k</Key><Size>1</Size><Size>2</Size>"),
        entry("<Key>k</Key><Size>1</Size><ETag>a</ETag><ETag>b</ETag>"),
        entry("<Key>&nbsp;</Key><Size>1</Size>"),
        format!(
            "<!DOCTYPE ListBucketResult>{}",
            entry("<Key>k</Key><Size>1</Size>")
        ),
    ] {
        assert_eq!(all_new(&xml), Err(ErrorCode::InternalError), "{xml}");
    }
}

proptest! {
    /// A second rewrite finds what the first one showed.
    #[test]
    fn rewritten_listings_can_be_read_again(
        entries in vec(("[^\0]{0,20}", 0..u64::MAX), 0..6),
    ) {
        let mut contents = String::new();
        for (key, size) in &entries {
            contents.push_str("<Contents>");
            write::element(&mut contents, "Key", key);
            write::element(&mut contents, "Size", &size.to_string());
            contents.push_str("<ETag>old</ETag></Contents>");
        }
        let (once, asked) = all_new(&listing(&contents)).unwrap();
        let expected: Vec<_> = entries
            .iter()
            .map(|(key, size)| (key.clone(), *size, "old".to_owned(), None))
            .collect();
        prop_assert_eq!(asked.0, expected);
        let mut seen = Vec::new();
        let same = rewrite(once.as_bytes(), &mut |entry| {
            seen.push((entry.key.to_owned(), entry.size - 1, entry.etag.to_owned()));
            None
        });
        prop_assert_eq!(same.unwrap(), once.as_bytes());
        let expected: Vec<_> = entries
            .into_iter()
            .map(|(key, size)| (key, size, "new".to_owned()))
            .collect();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn pages_go_on_until_there_is_no_token() {
    let contents = "<Contents><Key>a&amp;b</Key><LastModified>2026-01-01T00:00:00.000Z\
                    </LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>";
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    let page = parse(listing(&format!("{contents}{more}")).as_bytes()).unwrap();
    let listed = Listed {
        key: "a&b".to_owned(),
        size: 7,
        etag: "e".to_owned(),
        last_modified: "2026-01-01T00:00:00.000Z".to_owned(),
    };
    assert_eq!(page.objects, [listed]);
    assert_eq!(page.next.as_deref(), Some("t"));
    let last = "<IsTruncated>false</IsTruncated>";
    assert_eq!(
        parse(listing(last).as_bytes()).unwrap(),
        Page::default(),
        "an empty page is the last one"
    );
    for bad in [
        "<Error><Code>NoSuchBucket</Code></Error>".to_owned(),
        listing("<IsTruncated>true</IsTruncated>"),
        listing("<Contents><Size>7</Size></Contents>"),
        listing("<EncodingType>rot13</EncodingType>"),
    ] {
        assert_eq!(parse(bad.as_bytes()), None, "{bad}");
    }
}
