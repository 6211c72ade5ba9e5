#![allow(clippy::unwrap_used)]

use super::*;

fn operation(method: &str, path: &str, headers: &[(&'static str, &str)]) -> Operation {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let target = Target::parse("localhost", path, &[]).unwrap();
    route(
        &method.parse().unwrap(),
        &target,
        &Query::parse(query).unwrap(),
        &headers,
    )
}

#[test]
fn names_the_everyday_operations() {
    for (method, path, name) in [
        ("GET", "/", "ListBuckets"),
        ("PUT", "/bkt", "CreateBucket"),
        ("HEAD", "/bkt/", "HeadBucket"),
        (
            "GET",
            "/bkt?prefix=a&delimiter=/&max-keys=3&encoding-type=url",
            "ListObjects",
        ),
        (
            "GET",
            "/bkt?list-type=2&continuation-token=x&fetch-owner=true",
            "ListObjectsV2",
        ),
        ("GET", "/bkt?versions&key-marker=a", "ListObjectVersions"),
        ("GET", "/bkt?location", "GetBucketLocation"),
        ("POST", "/bkt?delete", "DeleteObjects"),
        ("PUT", "/bkt/k?x-id=PutObject", "PutObject"),
        (
            "GET",
            "/bkt/k?response-content-type=a&versionId=1&partNumber=2",
            "GetObject",
        ),
        ("HEAD", "/bkt/k?x-id=HeadObject", "HeadObject"),
        ("DELETE", "/bkt/k?versionId=1", "DeleteObject"),
        ("POST", "/bkt/k?uploads", "CreateMultipartUpload"),
        ("PUT", "/bkt/k?partNumber=1&uploadId=x", "UploadPart"),
        ("POST", "/bkt/k?uploadId=x", "CompleteMultipartUpload"),
        ("DELETE", "/bkt/k?uploadId=x", "AbortMultipartUpload"),
        ("GET", "/bkt/k?uploadId=x&max-parts=1", "ListParts"),
        ("GET", "/bkt?encryption", "GetBucketEncryption"),
        ("POST", "/bkt/k?append&position=0", "AppendObject"),
        ("OPTIONS", "/bkt/k", "CorsPreflight"),
    ] {
        assert_eq!(operation(method, path, &[]).name(), name, "{method} {path}");
    }
}

#[test]
fn parameters_without_meaning_may_pass() {
    for query in [
        "foo=bar",
        "prefix=a",
        "X-Amz-Date=1&X-Amz-Signature=2",
        "v=1",
    ] {
        assert_eq!(
            operation("GET", &format!("/bkt/k?{query}"), &[]),
            Operation::GetObject
        );
    }
}

#[test]
fn what_has_no_value_and_no_name_is_a_sub_resource_of_tomorrow() {
    for method in ["PUT", "GET", "HEAD", "DELETE", "POST"] {
        for path in ["/", "/bkt", "/bkt/k"] {
            for query in ["tomorrow", "tomorrow=", "a=b&tomorrow", "Prefix&tomorrow"] {
                let operation = operation(method, &format!("{path}?{query}"), &[]);
                assert_eq!(operation, Operation::Unknown, "{method} {path}?{query}");
            }
        }
    }
    for (path, name) in [
        (
            "/?prefix=&max-buckets=&bucket-region=&continuation-token=",
            "ListBuckets",
        ),
        (
            "/bkt?prefix=&delimiter=&marker=&max-keys=&encoding-type=",
            "ListObjects",
        ),
        (
            "/bkt?list-type=2&prefix&delimiter&start-after&continuation-token&fetch-owner",
            "ListObjectsV2",
        ),
        (
            "/bkt?versions&key-marker=&version-id-marker=&prefix=",
            "ListObjectVersions",
        ),
        (
            "/bkt?uploads&key-marker=&upload-id-marker=&max-uploads=",
            "ListMultipartUploads",
        ),
        (
            "/bkt/k?uploadId=1&max-parts=&part-number-marker=",
            "ListParts",
        ),
        (
            "/bkt/k?response-content-type=&response-expires&x-id=",
            "GetObject",
        ),
        ("/bkt?analytics&id=", "GetBucketAnalyticsConfiguration"),
    ] {
        assert_eq!(operation("GET", path, &[]).name(), name, "{path}");
    }
}

#[test]
fn no_annotation_is_taken_for_its_object() {
    for method in ["PUT", "GET", "DELETE"] {
        for query in [
            "annotation&annotationName=a",
            "annotation=1",
            "annotationName=a",
        ] {
            let operation = operation(method, &format!("/bkt/k?{query}"), &[]);
            assert_eq!(operation, Operation::Unknown, "{method} {query}");
        }
    }
}

#[test]
fn no_sub_resource_falls_through_to_the_bucket() {
    let keys = table::ROWS
        .iter()
        .flat_map(|row| row.keys.iter().chain(row.also));
    for name in keys.chain(&MEANINGFUL) {
        for method in ["PUT", "GET", "HEAD", "DELETE", "POST"] {
            for path in ["/", "/bkt"] {
                for name in [(*name).to_owned(), name.to_ascii_uppercase()] {
                    let form = [("content-type", "multipart/form-data")];
                    let operation = operation(method, &format!("{path}?{name}=2"), &form);
                    let is_plain = matches!(
                        operation,
                        Operation::ListBuckets
                            | Operation::ListObjects
                            | Operation::CreateBucket
                            | Operation::DeleteBucket
                            | Operation::HeadBucket
                            | Operation::PostObject
                    );
                    assert!(!is_plain, "{method} {path}?{name}: {operation:?}");
                }
            }
        }
    }
}

#[test]
fn no_sub_resource_falls_through_to_the_object() {
    let keys = table::ROWS
        .iter()
        .flat_map(|row| row.keys.iter().chain(row.also));
    for name in keys.chain(&MEANINGFUL) {
        for method in ["PUT", "GET", "HEAD", "DELETE", "POST"] {
            for name in [(*name).to_owned(), name.to_ascii_uppercase()] {
                let operation = operation(method, &format!("/bkt/k?{name}=1"), &[]);
                let plain = matches!(
                    operation,
                    Operation::PutObject
                        | Operation::GetObject
                        | Operation::HeadObject
                        | Operation::DeleteObject
                );
                let known = matches!(
                    (method, &*name),
                    ("GET" | "HEAD", "partNumber") | ("GET" | "HEAD" | "DELETE", "versionId")
                );
                assert_eq!(plain, known, "{method} {name}: {operation:?}");
            }
        }
    }
}

#[test]
fn parameters_that_alter_bytes_are_unknown() {
    for query in [
        "x-image-process=image/resize",
        "X-Image-Process=1",
        "x-oss-process=1",
        "lambdaArn=a",
        "rgwx-uid=a",
        "x-amz-copy-source=/a/b",
        "X-Amz-Copy-Source=/a/b",
        "acl&tagging",
        "acl&foo&uploads",
    ] {
        for method in ["GET", "PUT"] {
            let operation = operation(method, &format!("/bkt/k?{query}"), &[]);
            assert_eq!(operation, Operation::Unknown, "{method} {query}");
        }
    }
    assert_eq!(
        operation("GET", "/bkt?list-type=3", &[]),
        Operation::Unknown
    );
    assert_eq!(
        operation("PUT", "/bkt/k?versionId=1", &[]),
        Operation::Unknown
    );
    assert_eq!(
        operation("PUT", "/bkt/k?partNumber=1", &[]),
        Operation::Unknown
    );
    assert_eq!(operation("POST", "/bkt/k", &[]), Operation::Unknown);
    assert_eq!(operation("PATCH", "/bkt/k", &[]), Operation::Unknown);
    assert_eq!(operation("POST", "/", &[]), Operation::Unknown);
}

#[test]
fn headers_tell_copies_and_forms_apart() {
    let put = |headers: &[(&'static str, &str)]| operation("PUT", "/bkt/k", headers);
    assert_eq!(put(&[("x-amz-copy-source", "/a/b")]), Operation::CopyObject);
    assert_eq!(put(&[("x-obs-copy-source", "/a/b")]), Operation::CopyObject);
    assert_eq!(
        put(&[("x-amz-write-offset-bytes", "0")]),
        Operation::AppendObject
    );
    assert_eq!(
        put(&[("x-amz-rename-source", "a")]),
        Operation::RenameObject
    );
    assert_eq!(
        put(&[("x-amz-meta-snowball-auto-extract", "true")]),
        Operation::Unknown
    );
    let part = operation(
        "PUT",
        "/bkt/k?partNumber=1&uploadId=x",
        &[("x-amz-copy-source", "/a/b")],
    );
    assert_eq!(part, Operation::UploadPartCopy);
    let form = [("content-type", "Multipart/Form-Data; boundary=x")];
    assert_eq!(operation("POST", "/bkt", &form), Operation::PostObject);
    assert_eq!(operation("POST", "/bkt", &[]), Operation::Unknown);
}

#[test]
fn every_row_can_be_reached() {
    for row in table::ROWS {
        let path = match row.level {
            Level::Service => "/",
            Level::Bucket => "/bkt",
            Level::Object => "/bkt/k",
        };
        let keys: Vec<_> = row
            .keys
            .iter()
            .map(|key| {
                if *key == "list-type" {
                    "list-type=2"
                } else {
                    key
                }
            })
            .collect();
        let form = [("content-type", "multipart/form-data")];
        let found = operation(row.method, &format!("{path}?{}", keys.join("&")), &form);
        assert_eq!(found, row.operation, "{} {path} {keys:?}", row.method);
    }
}
