//! Where objects are stored: the section `backend`.

use std::net::IpAddr;
use std::net::Ipv6Addr;

use crate::Backend;
use crate::Credentials;
use crate::Endpoint;
use crate::defaults;
use crate::path::Path;
use crate::raw;
use crate::raw::Addressing;
use crate::raw::Dialect;
use crate::raw::List;
use crate::resolve::Desk;
use crate::resolve::listen::is_host_name;
use crate::resolve::listen::signing_region;
use crate::units::Size;

/// The section `backend`.
pub(crate) fn resolve(raw: raw::Backend, path: &Path, desk: &mut Desk<'_>) -> Option<Backend> {
    let endpoints = endpoints(raw.endpoints, &path.key("endpoints"), desk);
    if matches!(raw.dialect, Some(Dialect::Obs)) {
        desk.later(&path.key("dialect"));
    }
    if matches!(raw.addressing, Some(Addressing::VirtualHost)) {
        desk.later(&path.key("addressing"));
    }
    let region = signing_region(raw.region, &path.key("region"), desk);
    let min_part = raw.min_part.map_or(defaults::MIN_PART, |Size(bytes)| bytes);
    if !(1..=MIN_PART_MAX).contains(&min_part) {
        desk.problem(&path.key("min_part"), "must lie between `1B` and `60MiB`");
    }
    let credentials = credentials(raw.credentials, &path.key("credentials"), desk);
    Some(Backend {
        endpoints,
        region: region?,
        credentials: credentials?,
        min_part,
        counts_parts: !matches!(raw.multipart_etag, Some(raw::MultipartEtag::Opaque)),
    })
}

fn endpoints(raw: Option<List<String>>, path: &Path, desk: &mut Desk<'_>) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (path, text) in desk.some_entries(raw, path) {
        let Some(endpoint) = desk.parsed(endpoint(&text), &path) else {
            continue;
        };
        if endpoints.contains(&endpoint) {
            desk.problem(&path, "is already listed");
        } else {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

fn credentials(
    raw: Option<raw::Credentials>,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Credentials> {
    let raw = desk.required(raw, path)?;
    let (public, secret) = (path.key("access_key"), path.key("secret_key"));
    let access_key = desk.required(raw.access_key, &public);
    let access_key = access_key.and_then(|text| desk.access_key(text, &public));
    let secret_key = desk.required(raw.secret_key, &secret);
    let secret_key = secret_key.and_then(|reference| desk.secret(reference, &secret));
    Some(Credentials {
        access_key: access_key?,
        secret_key: secret_key?,
    })
}

/// `SCHEME://HOST[:PORT]`, and nothing behind it but a slash.
fn endpoint(text: &str) -> Result<Endpoint, &'static str> {
    let (tls, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Err(SHAPE),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = split_port(authority)?;
    let port = match port {
        Some(port) => port,
        None if tls => 443,
        None => 80,
    };
    let host = host.to_ascii_lowercase();
    let named = is_host_name(&host);
    if tls && !named {
        return Err(
            "`https://` needs the name of a host, for its certificate is checked against it",
        );
    }
    if named || host.parse::<IpAddr>().is_ok() {
        return Ok(Endpoint { tls, host, port });
    }
    Err(SHAPE)
}

/// Host and port of an authority; the brackets of an IPv6 address fall away.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, rest) = match authority
        .strip_prefix('[')
        .and_then(|text| text.split_once(']'))
    {
        Some((host, rest)) if host.parse::<Ipv6Addr>().is_ok() => (host, rest),
        Some(_) => return Err(SHAPE),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if rest.is_empty() {
        return Ok((host, None));
    }
    let digits = rest.strip_prefix(':').ok_or(SHAPE)?;
    let port = digits.parse::<u16>().map_err(|_| SHAPE)?;
    if port == 0 || digits.starts_with('+') {
        Err(SHAPE)
    } else {
        Ok((host, Some(port)))
    }
}

const SHAPE: &str = "not an endpoint; write `http://HOST:PORT` or `https://NAME:PORT`";

/// Bytes: what the gateway gathers before it sends a part has to stay small.
const MIN_PART_MAX: u64 = 60 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_scheme_host_and_port() {
        for (text, tls, host, port) in [
            ("http://minio-0:9000", false, "minio-0", 9000),
            ("http://MinIO:9000/", false, "minio", 9000),
            ("http://127.0.0.1", false, "127.0.0.1", 80),
            ("http://[::1]:9000", false, "::1", 9000),
            ("http://[::1]", false, "::1", 80),
            ("https://s3.example.com", true, "s3.example.com", 443),
            (
                "https://s3.example.com:65535",
                true,
                "s3.example.com",
                65535,
            ),
        ] {
            let expected = Endpoint {
                tls,
                host: host.to_owned(),
                port,
            };
            assert_eq!(endpoint(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_endpoints_that_say_more_or_less() {
        for text in [
            "",
            "minio:9000",
            "ftp://minio",
            "http://",
            "http:///",
            "http://:9000",
            "http://minio:",
            "http://minio:0",
            "http://minio:65536",
            "http://minio:+80",
            "http://minio:9000/path",
            "http://minio?x",
            "http://user:pass@minio",
            "http://::1:9000",
            "http://[::1]x",
            "http://[minio]:9000",
            "http://mi nio",
        ] {
            assert_eq!(endpoint(text), Err(SHAPE), "{text}");
        }
    }

    #[test]
    fn tls_needs_a_name_to_check() {
        for text in ["https://10.0.0.1:9000", "https://[::1]"] {
            assert!(
                endpoint(text).is_err_and(|error| error.contains("certificate")),
                "{text}"
            );
        }
    }
}
