//! How a request ended, as its two heads and its bytes tell.

use http::HeaderMap;
use http::header;
use pingora::proxy::Session;
use s3::Operation;

/// What becomes known of a request when it ends.
#[derive(Debug, Default)]
pub struct Ended {
    /// What the client was answered.
    pub status: Option<u16>,
    /// The encryption that it was told of.
    pub mode: Option<String>,
    /// The version that it was told of.
    pub version: Option<String>,
    /// Bytes of object data, in plaintext.
    pub bytes: Option<u64>,
}

impl Ended {
    /// From what was read and written.
    #[must_use]
    pub fn of(session: &Session, operation: Operation) -> Self {
        let head = session.response_written();
        let head = head.filter(|head| !head.status.is_informational());
        let told = |name| text(&head?.headers, name).map(str::to_owned);
        let succeeded = head.is_some_and(|head| head.status.is_success());
        let bytes = match operation {
            Operation::GetObject => Some(session.body_bytes_sent() as u64),
            Operation::PutObject | Operation::UploadPart => {
                plain_len(&session.req_header().headers)
            }
            _ => None,
        };
        Self {
            status: head.map(|head| head.status.as_u16()),
            mode: told("x-amz-server-side-encryption"),
            version: told("x-amz-version-id"),
            bytes: bytes.filter(|_| succeeded),
        }
    }
}

/// What an upload that succeeded was as long as: its length was proven.
fn plain_len(client: &HeaderMap) -> Option<u64> {
    let decoded = text(client, "x-amz-decoded-content-length");
    let length = decoded.or_else(|| text(client, header::CONTENT_LENGTH.as_str()));
    length?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
