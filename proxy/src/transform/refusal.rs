//! The backend's refusals, as the client is told them: under our resource and request id, and
//! without what concerns only the gateway and the backend.

use bytes::Bytes;
use bytes::BytesMut;
use http::StatusCode;
use s3::ErrorCode;
use s3::xml::error;

use crate::error::Error;
use crate::error::Result;

/// The longest error document that is read, bytes.
const DOCUMENT_BYTES_MAX: usize = 64 << 10;

/// The client does not know how much of the store's limit is left to it.
const TOO_LARGE: &str = "Your metadata headers exceed the maximum allowed metadata size. Where \
                         objects are sealed, up to 1600 bytes of it are the seal's own.";

/// Codes that say the gateway's own credentials, clock or region are wrong. A client that read them
/// would look for the fault at its own end.
const OURS: &[&str] = &[
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// An error document on its way through.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    resource: String,
    request_id: String,
    announced: Option<usize>,
    held: BytesMut,
    told: bool,
}

impl Refusal {
    /// Of the request `request_id` for `resource`, which the backend answered with `status` and a
    /// document of `announced` bytes, if it said so.
    #[must_use]
    pub fn new(
        status: StatusCode,
        announced: Option<usize>,
        resource: &str,
        request_id: &str,
    ) -> Self {
        Self {
            status,
            resource: resource.to_owned(),
            request_id: request_id.to_owned(),
            announced,
            held: BytesMut::new(),
            told: false,
        }
    }

    /// The client's document for a backend's whole one.
    #[must_use]
    pub fn of(mut self, document: &[u8]) -> Bytes {
        self.held = BytesMut::from(document);
        self.document().into()
    }

    /// Takes a piece; the last one gives the client's document.
    pub fn push(&mut self, piece: &[u8], end: bool) -> Result<Bytes> {
        if self.held.len() + piece.len() > DOCUMENT_BYTES_MAX {
            return Err(Error::Backend("error document is too long"));
        }
        self.held.extend_from_slice(piece);
        let complete = self
            .announced
            .map_or(end, |announced| self.held.len() >= announced);
        if self.told || !complete {
            return Ok(Bytes::new());
        }
        self.told = true;
        Ok(self.document().into())
    }

    fn document(&self) -> Vec<u8> {
        let (id, status) = (&self.request_id, self.status.as_u16());
        let told = error::readdress(&self.held, &self.resource, id);
        let code = told.as_ref().map_or("no code", |told| told.code.as_str());
        let theirs = told.as_ref().and_then(|told| told.request_id.as_deref());
        let theirs = theirs.unwrap_or("without id");
        if OURS.contains(&code) {
            log::error!("{id} backend refuses the gateway itself: {status} {code} ({theirs})");
        } else {
            log::info!("{id} backend answered {status} {code} ({theirs})");
        }
        match told {
            Some(told) if told.code == ErrorCode::MetadataTooLarge.name() => {
                let error = s3::Error::new(ErrorCode::MetadataTooLarge).with_message(TOO_LARGE);
                error::render(&error, &self.resource, id).into_bytes()
            }
            Some(told) if !OURS.contains(&told.code.as_str()) => told.xml,
            _ => {
                let error = s3::Error::new(code_of(self.status));
                error::render(&error, &self.resource, id).into_bytes()
            }
        }
    }
}

/// The code for a status that came without a document fit to be passed on.
fn code_of(status: StatusCode) -> ErrorCode {
    match status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => ErrorCode::AccessDenied,
        StatusCode::NOT_FOUND => ErrorCode::NoSuchKey,
        StatusCode::PRECONDITION_FAILED => ErrorCode::PreconditionFailed,
        StatusCode::BAD_REQUEST => ErrorCode::InvalidRequest,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::ServiceUnavailable,
        _ => ErrorCode::InternalError,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(status: u16, pieces: &[&str]) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        let mut refusal = Refusal::new(status, None, "/b/k", "ID");
        for piece in pieces {
            assert!(refusal.push(piece.as_bytes(), false).unwrap().is_empty());
        }
        String::from_utf8(refusal.push(b"", true).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_clients_document_has_our_resource_and_id() {
        let document = told(
            404,
            &[
                "<Error><Code>NoSuchKey</",
                "Code><RequestId>7</RequestId></Error>",
            ],
        );
        let expected = "<Error><Code>NoSuchKey</Code><Resource>/b/k</Resource>\
                        <RequestId>ID</RequestId></Error>";
        assert_eq!(document, expected);
    }

    #[test]
    fn refusals_of_the_gateways_own_credentials_are_not_told() {
        for code in OURS {
            let document = told(403, &[&format!("<Error><Code>{code}</Code></Error>")]);
            assert!(document.contains("<Code>AccessDenied</Code>"), "{document}");
            assert!(!document.contains(code));
        }
    }

    #[test]
    fn what_is_no_document_becomes_one() {
        assert!(told(502, &["<html>"]).contains("<Code>InternalError</Code>"));
        assert!(told(404, &[]).contains("<Code>NoSuchKey</Code>"));
    }

    #[test]
    fn an_announced_document_is_told_once_with_its_last_byte() {
        let document = b"<Error><Code>NoSuchKey</Code></Error>";
        let len = Some(document.len());
        let mut refusal = Refusal::new(StatusCode::NOT_FOUND, len, "/", "ID");
        assert!(refusal.push(&document[..5], false).unwrap().is_empty());
        assert!(!refusal.push(&document[5..], false).unwrap().is_empty());
        assert!(refusal.push(b"", true).unwrap().is_empty());
    }

    #[test]
    fn an_endless_document_is_broken_off() {
        let mut refusal = Refusal::new(StatusCode::NOT_FOUND, None, "/", "ID");
        let piece = vec![b' '; DOCUMENT_BYTES_MAX];
        assert!(refusal.push(&piece, false).is_ok());
        assert!(refusal.push(b" ", false).is_err());
    }
}
