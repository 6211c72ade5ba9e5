//! Which bucket and object a request names, in path style or virtual-host style.

use std::fmt;

use crate::Error;
use crate::ErrorCode;
use crate::percent;

/// A bucket name by S3's rules: 3 to 63 of `a-z0-9.-`, a letter or digit at both ends, no `..`,
/// not an IPv4 address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

impl BucketName {
    /// Parses a name; `InvalidBucketName` when it breaks a rule.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let well_formed = (3..=63).contains(&name.len())
            && name
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
            && !name.starts_with(['.', '-'])
            && !name.ends_with(['.', '-'])
            && !name.contains("..")
            && name.parse::<std::net::Ipv4Addr>().is_err();
        if well_formed {
            Ok(Self(name.to_owned()))
        } else {
            Err(Error::new(ErrorCode::InvalidBucketName).with_detail("BucketName", name))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object's name (S3 calls it key): 1 to 1024 bytes of UTF-8, otherwise free. `//`, `..` and a
/// slash at either end are part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName(String);

impl ObjectName {
    /// The longest name, in bytes.
    pub const LEN_MAX: usize = 1024;

    /// Parses a decoded name; `KeyTooLongError` beyond [`Self::LEN_MAX`], `InvalidArgument` when
    /// empty.
    pub fn parse(name: &str) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::new(ErrorCode::InvalidArgument)
                .with_message("The object key must not be empty."));
        }
        if name.len() > Self::LEN_MAX {
            return Err(Error::new(ErrorCode::KeyTooLong)
                .with_detail("Size", name.len().to_string())
                .with_detail("MaxSizeAllowed", Self::LEN_MAX.to_string()));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name, decoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in a path, percent-encoded as signatures want it.
    #[must_use]
    pub fn encoded(&self) -> String {
        percent::encode_path(self.0.as_bytes())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The account: listing buckets.
    Service,
    /// A bucket.
    Bucket(BucketName),
    /// An object.
    Object(BucketName, ObjectName),
}

impl Target {
    /// Parses the Host header and the path as sent, still encoded and without the query.
    ///
    /// A host below one of `domains` carries the bucket (virtual-host style); any other host leaves
    /// it to the path. The path is decoded once and never normalised.
    ///
    /// Errors: `InvalidURI` for a path that does not begin with `/`, has broken escapes or is not
    /// UTF-8; those of [`BucketName::parse`] and [`ObjectName::parse`].
    pub fn parse(host: &str, raw_path: &str, domains: &[String]) -> Result<Self, Error> {
        let path = raw_path.strip_prefix('/').ok_or_else(invalid_uri)?;
        match bucket_of_host(host, domains) {
            Some(bucket) => Self::of(&bucket, path),
            None if path.is_empty() => Ok(Self::Service),
            None => {
                // Split before decoding: in `/bucket%2Fkey` the slash belongs to the bucket's name,
                // which is therefore none.
                let (bucket, object) = path.split_once('/').unwrap_or((path, ""));
                Self::of(
                    &percent::decode_strict(bucket).ok_or_else(invalid_uri)?,
                    object,
                )
            }
        }
    }

    /// The bucket, if one is named.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::Service => None,
            Self::Bucket(bucket) | Self::Object(bucket, _) => Some(bucket),
        }
    }

    /// The object, if one is named.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectName> {
        match self {
            Self::Service | Self::Bucket(_) => None,
            Self::Object(_, object) => Some(object),
        }
    }

    fn of(bucket: &str, raw_object: &str) -> Result<Self, Error> {
        let bucket = BucketName::parse(bucket)?;
        if raw_object.is_empty() {
            return Ok(Self::Bucket(bucket));
        }
        let object = percent::decode_strict(raw_object).ok_or_else(invalid_uri)?;
        Ok(Self::Object(bucket, ObjectName::parse(&object)?))
    }
}

fn invalid_uri() -> Error {
    Error::new(ErrorCode::InvalidUri)
}

/// The label before the longest of `domains` that `host` lies below.
fn bucket_of_host(host: &str, domains: &[String]) -> Option<String> {
    let host = without_port(host).to_ascii_lowercase();
    domains
        .iter()
        .filter_map(|domain| {
            let domain = domain.to_ascii_lowercase();
            let label = host.strip_suffix(&domain)?.strip_suffix('.')?;
            Some((domain.len(), label.to_owned()))
        })
        .max_by_key(|(len, _)| *len)
        .map(|(_, label)| label)
        // Of `s3.local` and `local`, the host `s3.local` is the first itself, not a bucket `s3`.
        .filter(|_| {
            !domains
                .iter()
                .any(|domain| domain.eq_ignore_ascii_case(&host))
        })
}

/// `host` without `:port`; an IPv6 literal keeps its brackets and its colons.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !port.contains(']') && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(host: &str, path: &str) -> Result<Target, Error> {
        Target::parse(host, path, &["s3.local".to_owned(), "local".to_owned()])
    }

    fn object(bucket: &str, name: &str) -> Target {
        Target::Object(
            BucketName::parse(bucket).unwrap(),
            ObjectName::parse(name).unwrap(),
        )
    }

    #[test]
    fn bucket_names_follow_the_rules_of_s3() {
        let longest = "a".repeat(63);
        for name in ["abc", "a-b", "a.b.c", "1.2.3", "123", &longest] {
            assert_eq!(BucketName::parse(name).unwrap().as_str(), name);
        }
        let too_long = "a".repeat(64);
        for name in [
            "", "ab", &too_long, "Abc", "a_b", ".ab", "ab.", "-ab", "ab-", "a..b", "1.2.3.4",
            "a/b", "äbc",
        ] {
            assert_eq!(
                BucketName::parse(name).unwrap_err().code,
                ErrorCode::InvalidBucketName
            );
        }
    }

    #[test]
    fn object_names_have_1_to_1024_bytes() {
        assert_eq!(
            ObjectName::parse("").unwrap_err().code,
            ErrorCode::InvalidArgument
        );
        assert!(ObjectName::parse("a").is_ok());
        assert!(ObjectName::parse(&"é".repeat(512)).is_ok());
        let error = ObjectName::parse(&"a".repeat(1025)).unwrap_err();
        assert_eq!(error.code, ErrorCode::KeyTooLong);
    }

    #[test]
    fn path_style_takes_the_bucket_from_the_path() {
        for host in [
            "127.0.0.1:9000",
            "[::1]:9000",
            "[::1]",
            "s3.local",
            "S3.LOCAL:80",
            "local",
            "other",
        ] {
            assert_eq!(parse(host, "/").unwrap(), Target::Service, "{host}");
            assert_eq!(
                parse(host, "/abc").unwrap().bucket().unwrap().as_str(),
                "abc"
            );
            assert_eq!(parse(host, "/abc/").unwrap().object(), None);
            assert_eq!(parse(host, "/abc/k").unwrap(), object("abc", "k"));
        }
    }

    #[test]
    fn virtual_host_style_takes_the_bucket_from_the_host() {
        for host in ["abc.s3.local", "ABC.s3.local:9000", "abc.local"] {
            assert_eq!(parse(host, "/").unwrap().bucket().unwrap().as_str(), "abc");
            assert_eq!(parse(host, "/k/l").unwrap(), object("abc", "k/l"));
        }
        assert_eq!(parse("a.b.s3.local", "/k").unwrap(), object("a.b", "k"));
        assert_eq!(
            parse("a_b.s3.local", "/k").unwrap_err().code,
            ErrorCode::InvalidBucketName
        );
        assert_eq!(
            parse("abcs3.local.evil", "/abc/k").unwrap(),
            object("abc", "k")
        );
    }

    #[test]
    fn nothing_is_normalised_and_everything_decoded_once() {
        for (path, name) in [
            ("/abc//", "/"),
            ("/abc/a//b", "a//b"),
            ("/abc/../x", "../x"),
            ("/abc/.", "."),
            ("/abc/a/", "a/"),
            ("/abc/a%2Fb", "a/b"),
            ("/abc/a%252Fb", "a%2Fb"),
            ("/abc/a+b", "a+b"),
            ("/abc/%C3%A9%00", "é\0"),
        ] {
            assert_eq!(parse("h", path).unwrap(), object("abc", name), "{path}");
        }
    }

    #[test]
    fn refuses_paths_without_meaning() {
        for path in [
            "",
            "abc/k",
            "http://h/abc/k",
            "/abc/%",
            "/abc/%ff",
            "/%ff/k",
            "*",
        ] {
            assert_eq!(
                parse("h", path).unwrap_err().code,
                ErrorCode::InvalidUri,
                "{path}"
            );
        }
        for path in ["//k", "/abc%2Fk", "/%2e%2e/k"] {
            assert_eq!(
                parse("h", path).unwrap_err().code,
                ErrorCode::InvalidBucketName,
                "{path}"
            );
        }
    }
}
