//! Multipart uploads: the heads of their requests.

use std::ops::Range;

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use policy::Permit;
use s3::ErrorCode;

use super::Cipher;
use super::Demand;
use super::Objects;
use super::Outgoing;
use super::conditions;
use super::headers;
use super::headers::Kind;
use super::put;
use crate::call::Call;

/// With what an object is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsOrder {
    /// With what.
    pub cipher: Cipher,
    /// What clients see as `ETag`.
    pub etag: policy::EtagStyle,
}

/// The request that begins an upload, how its parts are sealed, and what the backend is to do
/// itself; nothing of either where the rule leaves them alone.
pub fn create(
    call: &Call,
    client: &HeaderMap,
    permit: &Permit,
) -> Result<(Outgoing, Option<PartsOrder>, Option<Demand>), s3::Error> {
    let order = put::cipher(permit, client)?.map(|cipher| PartsOrder {
        cipher,
        etag: permit.etag(),
    });
    let mut outgoing = Outgoing::new(Method::POST, &call.target).with_query("uploads", "");
    outgoing.headers = headers::forward(client, Kind::Upload)?;
    if let Some(encoding) = s3::storable_content_encoding(client) {
        let encoding = HeaderValue::try_from(encoding);
        let encoding = encoding.map_err(|_| s3::Error::new(ErrorCode::InvalidArgument))?;
        outgoing.headers.insert(header::CONTENT_ENCODING, encoding);
    }
    let demand = Demand::of(permit, client);
    if let Some(demand) = &demand {
        demand.put(&mut outgoing.headers);
    }
    if order.is_none() {
        for name in ["x-amz-checksum-algorithm", "x-amz-checksum-type"] {
            if let Some(value) = client.get(name) {
                outgoing.headers.insert(name, value.clone());
            }
        }
    }
    Ok((outgoing, order, demand))
}

/// The client's conditions on what the object replaces.
pub fn conditions(client: &HeaderMap, outgoing: &mut Outgoing, permit: &Permit) {
    let mut asked = HeaderMap::new();
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        if let Some(value) = client.get(&name) {
            asked.insert(name, value.clone());
        }
    }
    conditions::copy(&asked, &mut outgoing.headers, Objects::of(permit));
}

/// The headers of a part, or of another call on an upload, that go on; a part has no encryption of
/// its own.
pub fn part_headers(client: &HeaderMap) -> Result<HeaderMap, s3::Error> {
    let mut headers = headers::forward(client, Kind::Part)?;
    headers.remove(header::CONTENT_TYPE);
    Ok(headers)
}

/// The plain range that a part is copied from; nothing for all of it.
pub fn copy_range(client: &HeaderMap, len: u64) -> Result<Option<Range<u64>>, s3::Error> {
    let Some(value) = client.get("x-amz-copy-source-range") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let refused = |message: &str| {
        s3::Error::new(ErrorCode::InvalidArgument)
            .with_message(message)
            .with_detail("ArgumentName", "x-amz-copy-source-range")
            .with_detail("ArgumentValue", text)
    };
    let bounds = text
        .strip_prefix("bytes=")
        .and_then(|text| text.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    let range = bounds.and_then(|(first, last)| Some(number(first)?..=number(last)?));
    let range = range.filter(|range| !range.is_empty()).ok_or_else(|| {
        refused(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first \
             and last are the zero-based offsets of the first and last bytes to copy",
        )
    })?;
    if *range.end() >= len {
        return Err(refused(
            "Range specified is not valid for source object of its size",
        ));
    }
    Ok(Some(*range.start()..range.end() + 1))
}

/// What the client claims of an object that the backend stores as it is.
pub fn claims(client: &HeaderMap, to: &mut HeaderMap) {
    put::copy_digests(client, to);
    for name in ["x-amz-checksum-type", "x-amz-mp-object-size"] {
        if let Some(value) = client.get(name) {
            to.insert(name, value.clone());
        }
    }
}

/// What the client said of the very bytes that the backend stores.
pub fn digests(client: &HeaderMap, to: &mut HeaderMap) {
    put::copy_digests(client, to);
}
