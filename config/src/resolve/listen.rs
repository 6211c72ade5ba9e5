//! Where clients come in: `listen`, `admin`, `region`, `domains`.

use std::net::IpAddr;
use std::net::SocketAddr;

use ipnet::IpNet;

use crate::Listen;
use crate::Secret;
use crate::Tls;
use crate::defaults;
use crate::path::Path;
use crate::raw;
use crate::raw::List;
use crate::resolve::Desk;
use crate::resolve::numbered;

/// The listeners, and the one for the operator's own use.
pub(crate) fn resolve(
    listen: Option<List<raw::Listen>>,
    admin: Option<raw::Admin>,
    desk: &mut Desk<'_>,
) -> (Vec<Listen>, Option<SocketAddr>) {
    let root = Path::root();
    let mut taken = Vec::new();
    let listen = desk.some_entries(listen, &root.key("listen"));
    let mut listeners = Vec::with_capacity(listen.len());
    for (path, entry) in listen {
        let address = own_address(entry.address, &path.key("address"), &mut taken, desk);
        let tls = entry.tls.map(|raw| tls(raw, &path.key("tls"), desk));
        if let (Some(address), Some(tls)) = (address, tls.map_or(Some(None), |tls| tls.map(Some))) {
            let secure = entry.secure.unwrap_or(false);
            if secure && tls.is_some() {
                desk.problem(&path.key("secure"), "leave it out: the listener has TLS");
            }
            listeners.push(Listen {
                address,
                tls,
                secure,
            });
        }
    }
    let path = root.key("admin").key("address");
    let admin = admin.and_then(|raw| own_address(raw.address, &path, &mut taken, desk));
    (listeners, admin)
}

/// The networks of `trusted_proxies`.
pub(crate) fn networks(raw: Option<List<String>>, desk: &mut Desk<'_>) -> Vec<IpNet> {
    let path = Path::root().key("trusted_proxies");
    let mut networks = Vec::new();
    for (path, text) in numbered(raw.unwrap_or_default(), &path) {
        let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse().ok().or_else(one) {
            Some(network) => networks.push(network),
            None => desk.problem(&path, "not an address or network; write `10.0.0.0/8`"),
        }
    }
    networks
}

/// The region that clients sign for.
pub(crate) fn region(raw: Option<String>, desk: &mut Desk<'_>) -> Option<String> {
    match raw.as_deref() {
        Some("*") => raw,
        _ => signing_region(raw, &Path::root().key("region"), desk),
    }
}

/// A region as signatures name it.
pub(crate) fn signing_region(
    raw: Option<String>,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<String> {
    let region = raw.unwrap_or_else(|| defaults::REGION.to_owned());
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=REGION_MAX).contains(&region.len()) && region.chars().all(sound) {
        return Some(region);
    }
    desk.problem(
        path,
        "a region is 1 to 64 letters, digits, `-`, `_` and `.`",
    );
    None
}

/// The domains of virtual-host style, in lower case.
pub(crate) fn domains(raw: Option<List<String>>, desk: &mut Desk<'_>) -> Vec<String> {
    let mut domains = Vec::new();
    for (path, text) in numbered(raw.unwrap_or_default(), &Path::root().key("domains")) {
        let domain = text.to_ascii_lowercase();
        if !is_host_name(&domain) {
            desk.problem(
                &path,
                "not a domain; write `s3.example.com`, without scheme or port",
            );
        } else if domains.contains(&domain) {
            desk.problem(&path, format!("`{domain}` is already listed"));
        } else {
            domains.push(domain);
        }
    }
    domains
}

/// Whether a text is a name of the DNS (RFC 1123 §2.1): labels of letters, digits and inner
/// hyphens, and not an address.
pub(crate) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let address = text.parse::<IpAddr>().is_ok();
    text.len() <= HOST_NAME_MAX && !address && text.split('.').all(label)
}

fn tls(raw: raw::Tls, path: &Path, desk: &mut Desk<'_>) -> Option<Tls> {
    let at = |name: &str| path.key(name);
    let chain = desk.required(raw.certificate, &at("certificate"));
    let key = desk.required(raw.key, &at("key"));
    let chain = chain.and_then(|file| text_of(&file, &at("certificate"), desk));
    let key = key.map(|file| desk.secret_file(&file));
    let key = key
        .and_then(|text| desk.parsed(text, &at("key")))
        .map(Secret::new);
    let tls = desk.parsed(Tls::new(&chain?, key?.expose()), &at("key"));
    let Some(file) = raw.client_ca else {
        return tls;
    };
    let authorities = text_of(&file, &at("client_ca"), desk)?;
    desk.parsed(tls?.with_client_ca(&authorities), &at("client_ca"))
}

/// A file that is no secret.
fn text_of(file: &str, path: &Path, desk: &mut Desk<'_>) -> Option<String> {
    let file = desk.beside(file);
    let document = desk.source.file(&file);
    let document = document.map_err(|error| format!("cannot read `{}`: {error}", file.display()));
    desk.parsed(document, path)
        .map(|document| document.text.to_string())
}

fn own_address(
    raw: Option<String>,
    path: &Path,
    taken: &mut Vec<SocketAddr>,
    desk: &mut Desk<'_>,
) -> Option<SocketAddr> {
    let text = desk.required(raw, path)?;
    let hint = |_| "not an address with a port; write `0.0.0.0:8080` or `[::]:8080`";
    let address = desk.parsed(text.parse::<SocketAddr>().map_err(hint), path)?;
    if address.port() != 0 && taken.contains(&address) {
        desk.problem(path, format!("`{address}` is already listened to"));
        return None;
    }
    taken.push(address);
    Some(address)
}

/// Characters; no region of anybody comes near.
const REGION_MAX: usize = 64;

/// Characters of a name of the DNS (RFC 1035 §2.3.4).
const HOST_NAME_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_labels_and_no_addresses() {
        for name in ["a", "minio-0", "s3.example.com", &"a".repeat(63)] {
            assert!(is_host_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "127.0.0.1",
            "::1",
            "a:80",
        ] {
            assert!(!is_host_name(name), "{name}");
        }
        assert!(!is_host_name(&"a".repeat(64)));
        assert!(is_host_name(&["a"; 127].join(".")));
        assert!(!is_host_name(&["a"; 128].join(".")));
    }
}
