//! Requests under the gateway's own signature, AWS V4 with a fresh date.

use http::HeaderValue;
use http::header;
use pingora::http::RequestHeader;
use s3::Head;
use s3::SecretKey;
use time::OffsetDateTime;

use super::Backend;
use super::Endpoint;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// Sealed bodies carry their own authentication; hashing them again would cost more than sealing.
const PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The gateway's credentials at the backend.
pub(super) struct Signer {
    access_key: String,
    secret: SecretKey,
    region: String,
}

impl Signer {
    pub(super) fn new(access_key: String, secret: SecretKey, region: String) -> Self {
        Self {
            access_key,
            secret,
            region,
        }
    }

    /// Whether both sign as the same account.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.access_key == other.access_key
    }
}

impl Backend {
    /// `outgoing` as `endpoint` gets it without a signature: a CORS preflight has none.
    pub fn unsigned(&self, outgoing: &Outgoing, endpoint: &Endpoint) -> Result<RequestHeader> {
        let mut headers = outgoing.headers.clone();
        headers.insert(header::HOST, host(endpoint)?);
        render(outgoing, &headers)
    }

    /// `outgoing` as `endpoint` gets it: host, date and signature added.
    pub fn sign(&self, outgoing: &Outgoing, endpoint: &Endpoint) -> Result<RequestHeader> {
        let mut headers = outgoing.headers.clone();
        headers.insert(header::HOST, host(endpoint)?);
        let head = Head {
            method: &outgoing.method,
            raw_path: &outgoing.path,
            raw_query: &outgoing.query,
            headers: &headers,
        };
        let Signer {
            access_key,
            secret,
            region,
        } = &self.signer;
        let now = OffsetDateTime::now_utc();
        let signature = s3::sign(&head, access_key, secret, region, now, PAYLOAD);
        headers.extend(signature);
        render(outgoing, &headers)
    }
}

fn host(endpoint: &Endpoint) -> Result<HeaderValue> {
    HeaderValue::try_from(endpoint.authority())
        .map_err(|_| Error::Internal("endpoint's host is no header value"))
}

fn render(outgoing: &Outgoing, headers: &http::HeaderMap) -> Result<RequestHeader> {
    let unfit = |_| Error::Internal("request to the backend does not render");
    let target = outgoing.target();
    let size = Some(headers.len());
    let mut request =
        RequestHeader::build(outgoing.method.clone(), target.as_bytes(), size).map_err(unfit)?;
    for (name, value) in headers {
        request.append_header(name.clone(), value).map_err(unfit)?;
    }
    Ok(request)
}
