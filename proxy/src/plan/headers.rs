//! Which of the client's headers reach the backend. Everything not named here stays behind, and
//! an `x-amz-*` or `x-obs-*` header that nobody here knows is refused: it could change the
//! meaning of the request.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use s3::ErrorCode;
use s3::SseHeader;

/// Metadata names that begin so are the gateway's own.
pub const RESERVED_METADATA: &str = "sealgate";
/// The envelope's two entries, FORMAT.md §3.
pub const ENVELOPE: &str = "x-amz-meta-sealgate";
/// The envelope's authenticator.
pub const ENVELOPE_MAC: &str = "x-amz-meta-sealgate-mac";

const METADATA: [&str; 2] = ["x-amz-meta-", "x-obs-meta-"];

/// Headers of an upload that describe the object, with `content-encoding` handled apart.
const OBJECT: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "expires",
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write-acp",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-storage-class",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
];

/// What of a source a copy takes over.
const DIRECTIVES: [&str; 2] = ["x-amz-metadata-directive", "x-amz-tagging-directive"];

/// Headers that describe what is in an object: a copy takes them from its source, or all of them from
/// its request.
const DESCRIPTION: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

/// Headers of buckets.
const BUCKET: &[&str] = &[
    "content-type",
    "x-amz-acl",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-object-ownership",
];

/// Headers of settings, tags, ACLs and locks.
const SETTING: &[&str] = &[
    "content-type",
    "x-amz-acl",
    "x-amz-bucket-object-lock-token",
    "x-amz-confirm-remove-self-bucket-access",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-mfa",
    "x-amz-skip-destination-validation",
    "x-amz-transition-default-minimum-object-size",
];

/// Headers that any call may carry and that the backend judges.
const COMMON: &[&str] = &[
    "origin",
    "x-amz-bypass-governance-retention",
    "x-amz-expected-bucket-owner",
    "x-amz-request-payer",
];

/// Headers that are spent here: authentication, framing, and what describes plaintext.
const SPENT: &[&str] = &[
    "x-amz-api-version",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-checksum-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-max-parts",
    "x-amz-mp-object-size",
    "x-amz-object-attributes",
    "x-amz-part-number-marker",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// What the client said that its body is; sent on only where the backend stores that very body.
pub(super) const DIGESTS: &[&str] = &[
    "content-md5",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// A family of calls whose headers are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Stores an object.
    Upload,
    /// Stores a part, perhaps of another object.
    Part,
    /// Stores a copy, under the headers of its request.
    Copy,
    /// Reads or deletes one.
    Object,
    /// Makes, removes or lists buckets.
    Bucket,
    /// Reads or changes a setting.
    Setting,
}

/// The headers that go on to the backend; refuses those that nobody knows.
pub(super) fn forward(headers: &HeaderMap, kind: Kind) -> Result<HeaderMap, s3::Error> {
    let mut forwarded = HeaderMap::new();
    for (name, value) in headers {
        match fate(name, kind) {
            Fate::Forward => {
                forwarded.append(name.clone(), value.clone());
            }
            Fate::Spent => {}
            Fate::Reserved => return Err(reserved(name)),
            Fate::Unknown => return Err(unknown(name, value)),
        }
    }
    Ok(forwarded)
}

/// Whether a header describes what is in an object.
pub(super) fn describes(name: &str) -> bool {
    DESCRIPTION.contains(&name) || METADATA.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a header is the gateway's own metadata.
pub(super) fn is_reserved(name: &str) -> bool {
    let entry = METADATA.iter().find_map(|prefix| name.strip_prefix(prefix));
    entry.is_some_and(|entry| entry.starts_with(RESERVED_METADATA))
}

enum Fate {
    Forward,
    Spent,
    Reserved,
    Unknown,
}

fn fate(name: &HeaderName, kind: Kind) -> Fate {
    let name = name.as_str();
    if let Some(entry) = METADATA.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        return match entry.starts_with(RESERVED_METADATA) {
            true => Fate::Reserved,
            false if matches!(kind, Kind::Upload | Kind::Copy) => Fate::Forward,
            false => Fate::Spent,
        };
    }
    // What they say was judged on its own.
    if SseHeader::from_name(name).is_some() {
        return Fate::Spent;
    }
    let own = match kind {
        Kind::Upload | Kind::Copy => OBJECT,
        Kind::Object | Kind::Part => &[],
        Kind::Bucket => BUCKET,
        Kind::Setting => SETTING,
    };
    if matches!(kind, Kind::Copy | Kind::Part)
        && (name.starts_with("x-amz-copy-source") || DIRECTIVES.contains(&name))
    {
        return Fate::Spent;
    }
    let foreign = name.starts_with("x-amz-") || name.starts_with("x-obs-");
    if own.contains(&name) || COMMON.contains(&name) {
        Fate::Forward
    } else if foreign && !SPENT.contains(&name) {
        Fate::Unknown
    } else {
        Fate::Spent
    }
}

fn reserved(name: &HeaderName) -> s3::Error {
    s3::Error::new(ErrorCode::InvalidArgument)
        .with_message("Metadata names that begin with `sealgate` belong to the gateway.")
        .with_detail("ArgumentName", name.as_str())
}

fn unknown(name: &HeaderName, _value: &HeaderValue) -> s3::Error {
    s3::Error::new(ErrorCode::NotImplemented)
        .with_message("A header you provided implies functionality that is not implemented.")
        .with_detail("Header", name.as_str())
}
