//! Method, target, query and headers → [`Operation`].
//!
//! Closed: a parameter that could change what a request means and that its operation does not
//! know makes it [`Operation::Unknown`]. `GET /b/k?x-image-process=…` must never be taken for a
//! plain `GetObject`, for it returns other bytes. A parameter without value that nobody knows is
//! taken for a sub-resource of tomorrow: the day S3 got `DELETE /b/k?annotation`, a gateway that
//! ignored it would have deleted the object.

mod table;

use http::HeaderMap;
use http::Method;

use crate::Operation;
use crate::Query;
use crate::Target;
use crate::hoist;
use table::Level;
use table::Row;

/// Parameters with a meaning for some store, beside those of the table: sub-resources without an
/// operation here, and what Huawei OBS, Ceph and `MinIO` add. Lower case.
const MEANINGFUL: [&str; 27] = [
    "abac",
    "action",
    "admin",
    "annotation",
    "annotationname",
    "apiversion",
    "backtosource",
    "deletebucket",
    "dispolicy",
    "events",
    "index",
    "lambdaarn",
    "mdsearch",
    "metadataannotationtable",
    "metadataconfiguration",
    "metadatainventorytable",
    "metadatajournaltable",
    "metadatatable",
    "obscompresspolicy",
    "ping",
    "replication-metrics",
    "replication-reset",
    "storageclass",
    "sync",
    "usage",
    "website-endpoint",
    "workflow",
];

/// Beginnings of such parameters: image processing, Ceph's system requests, and headers in the
/// guise of parameters, which AWS obeys (`x-amz-copy-source` would read another object).
const MEANINGFUL_PREFIXES: [&str; 7] = [
    "x-image-",
    "x-oss-",
    "x-obs-",
    "x-amz-",
    "x-cos-",
    "rgwx-",
    "x-workflow",
];

/// Parameters with such a beginning that mean nothing for the object: signatures and the SDKs' own,
/// among them checksums, which S3 does not read in a URL (AWS, user guide, "Presigned URLs") and
/// which the SDK for `JavaScript` computes of no body at all.
const MEANINGLESS: [&str; 17] = [
    "x-amz-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expected-bucket-owner",
    "x-amz-expires",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
    "x-amz-user-agent",
];

/// Parameters of listings and the like, which may be sent without a value; so may what begins with
/// `response-`.
const MAY_BE_EMPTY: [&str; 18] = [
    "bucket-region",
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "id",
    "key-marker",
    "marker",
    "max-buckets",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "prefix",
    "start-after",
    "upload-id-marker",
    "version-id-marker",
    "x-id",
];

/// Headers that turn a `PutObject` into something we cannot name: one request, many objects.
pub(crate) const UNPACKS_ARCHIVES: [&str; 2] =
    ["x-amz-meta-snowball-auto-extract", "x-minio-extract"];

/// Names the operation; see the module's words on what is refused.
///
/// `partNumber` and `versionId` leave a `GetObject` a `GetObject`: the caller reads the query.
#[must_use]
pub fn route(method: &Method, target: &Target, query: &Query, headers: &HeaderMap) -> Operation {
    if *method == Method::OPTIONS {
        return Operation::CorsPreflight;
    }
    let level = match target {
        Target::Service => Level::Service,
        Target::Bucket(_) => Level::Bucket,
        Target::Object(..) => Level::Object,
    };
    let meaningful: Vec<&str> = query
        .pairs()
        .filter(|(name, value)| is_meaningful(name, value))
        .map(|pair| pair.0)
        .filter(|name| level != Level::Object || !hoist::is_header(name))
        .collect();
    table::ROWS
        .iter()
        .find(|row| row.method == *method && row.level == level && fits(row, &meaningful))
        .map_or(Operation::Unknown, |row| {
            refine(row.operation, query, headers)
        })
}

/// Whether the row's own parameters are there, and none that it does not know.
fn fits(row: &Row, meaningful: &[&str]) -> bool {
    row.keys.iter().all(|key| meaningful.contains(key))
        && meaningful
            .iter()
            .all(|name| row.keys.contains(name) || row.also.contains(name))
}

/// What the table cannot say: operations told apart by headers or by a parameter's value.
fn refine(operation: Operation, query: &Query, headers: &HeaderMap) -> Operation {
    let has = |name: &str| headers.contains_key(name);
    let copies = has("x-amz-copy-source") || has("x-obs-copy-source");
    match operation {
        Operation::PutObject if UNPACKS_ARCHIVES.into_iter().any(has) => Operation::Unknown,
        Operation::PutObject if has("x-amz-rename-source") => Operation::RenameObject,
        Operation::PutObject if has("x-amz-write-offset-bytes") => Operation::AppendObject,
        Operation::PutObject if copies => Operation::CopyObject,
        Operation::UploadPart if copies => Operation::UploadPartCopy,
        Operation::PostObject if !is_form(headers) => Operation::Unknown,
        Operation::ListObjectsV2 if query.get("list-type") != Some("2") => Operation::Unknown,
        _ => operation,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
}

/// Whether a parameter says what is asked for. In any case: what one store takes for another name,
/// the next may take for the same.
pub(crate) fn is_meaningful(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let in_table = || {
        let mut names = table::ROWS
            .iter()
            .flat_map(|row| row.keys.iter().chain(row.also));
        names.any(|known| known.eq_ignore_ascii_case(&lower))
    };
    let by_prefix = || {
        MEANINGFUL_PREFIXES
            .iter()
            .any(|prefix| lower.starts_with(prefix))
    };
    if MEANINGLESS.contains(&&*lower) {
        return false;
    }
    let may_be_empty = || MAY_BE_EMPTY.contains(&&*lower) || lower.starts_with("response-");
    MEANINGFUL.contains(&&*lower)
        || by_prefix()
        || in_table()
        || (value.is_empty() && !may_be_empty())
}

#[cfg(test)]
mod tests;
