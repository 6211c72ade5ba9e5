//! `CopyObject`: what is looked at, and the head of the copy.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header;
use policy::Permit;
use s3::CopySource;
use s3::ErrorCode;
use s3::SseAsked;
use s3::Target;

use super::Demand;
use super::Objects;
use super::Outgoing;
use super::conditions;
use super::headers;
use super::headers::Kind;
use super::multipart::PartsOrder;
use super::put;
use crate::call::Call;

/// What a copy takes from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// From the source.
    Copy,
    /// From the request.
    Replace,
}

/// A client's wish for a copy.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyOrder {
    /// Where from.
    pub source: CopySource,
    /// What describes the copy.
    pub metadata: Directive,
    /// The copy's tags.
    pub tags: Directive,
    /// The head of the copy, as far as the request says it.
    pub outgoing: Outgoing,
    /// The checksum that the copy is to have; without one it has its source's.
    pub checksum: Option<s3::ChecksumAlgorithm>,
    /// Whether anything makes the copy differ from its source.
    pub changes: bool,
    /// What the backend is to do itself with the copy.
    pub demand: Option<Demand>,
}

/// The question for the source's head, under the client's conditions.
#[must_use]
pub fn look(source: &CopySource, client: &HeaderMap, objects: Objects) -> Outgoing {
    let target = Target::Object(source.bucket.clone(), source.object.clone());
    let mut outgoing = Outgoing::new(Method::HEAD, &target);
    if let Some(version) = &source.version_id {
        outgoing = outgoing.with_query("versionId", version);
    }
    let mut asked = HeaderMap::new();
    for (name, plain) in [
        ("x-amz-copy-source-if-match", header::IF_MATCH),
        ("x-amz-copy-source-if-none-match", header::IF_NONE_MATCH),
        (
            "x-amz-copy-source-if-modified-since",
            header::IF_MODIFIED_SINCE,
        ),
        (
            "x-amz-copy-source-if-unmodified-since",
            header::IF_UNMODIFIED_SINCE,
        ),
    ] {
        if let Some(value) = client.get(name) {
            asked.insert(plain, value.clone());
        }
    }
    conditions::copy(&asked, &mut outgoing.headers, objects);
    outgoing
}

/// What the client wants.
pub fn order(call: &Call, client: &HeaderMap, permit: &Permit) -> Result<CopyOrder, s3::Error> {
    let source = CopySource::parse(client)?;
    let metadata = directive(client, "x-amz-metadata-directive")?;
    let tags = directive(client, "x-amz-tagging-directive")?;
    let checksum = s3::PartsChecksum::parse(client)?.map(|checksum| checksum.algorithm);
    let mut outgoing = Outgoing::new(Method::PUT, &call.target);
    outgoing.headers = headers::forward(client, Kind::Copy)?;
    if metadata == Directive::Copy {
        let described: Vec<HeaderName> = outgoing.headers.keys().cloned().collect();
        for name in described
            .iter()
            .filter(|name| headers::describes(name.as_str()))
        {
            outgoing.headers.remove(name);
        }
    }
    if tags == Directive::Copy {
        outgoing.headers.remove("x-amz-tagging");
    }
    conditions::copy(client, &mut outgoing.headers, Objects::of(permit));
    let demand = Demand::of(permit, client);
    if let Some(demand) = &demand {
        demand.put(&mut outgoing.headers);
    }
    let differs = ["x-amz-storage-class", "x-amz-website-redirect-location"];
    let changes = metadata == Directive::Replace
        || source.version_id.is_some()
        || SseAsked::read(client)?.chooses()
        || differs.iter().any(|name| client.contains_key(*name));
    Ok(CopyOrder {
        source,
        metadata,
        tags,
        outgoing,
        checksum,
        changes,
        demand,
    })
}

/// With what the copy is sealed, if it is.
pub fn seals(permit: &Permit, client: &HeaderMap) -> Result<Option<PartsOrder>, s3::Error> {
    let cipher = put::cipher(permit, client)?;
    Ok(cipher.map(|cipher| PartsOrder {
        cipher,
        etag: permit.etag(),
    }))
}

/// What describes the source, without what is the gateway's own.
pub fn described(source: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    source.iter().filter(|(name, _)| {
        headers::describes(name.as_str()) && !headers::is_reserved(name.as_str())
    })
}

fn directive(client: &HeaderMap, name: &str) -> Result<Directive, s3::Error> {
    match client.get(name).map(HeaderValue::as_bytes) {
        None | Some(b"COPY") => Ok(Directive::Copy),
        Some(b"REPLACE") => Ok(Directive::Replace),
        Some(_) => Err(s3::Error::new(ErrorCode::InvalidArgument)
            .with_message("Unknown metadata directive.")
            .with_detail("ArgumentName", name.to_owned())),
    }
}
