//! Answers that take long. As S3 does, the gateway begins them with 200 and then sends blanks, so
//! that nobody on the way takes the connection for dead; an error that comes after that stands in
//! the body (AWS, API reference, `CompleteMultipartUpload`, `CopyObject`, `UploadPartCopy`).

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::Version;
use http::header;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use s3::xml::DECLARATION;

use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::respond;

/// The longest time between two blanks.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// What became of the work.
pub(super) struct Waited {
    /// Whether the client has been told 200.
    begun: bool,
    /// Whether it still listens.
    listens: bool,
    done: Result<Answer>,
}

/// Waits for `work`, and keeps the client patient meanwhile. The work goes on when the client has
/// gone: what it began must be ended.
pub(super) async fn wait(
    session: &mut Session,
    exchange: &Exchange,
    work: impl Future<Output = Result<Answer>>,
) -> Waited {
    let mut work = pin!(work);
    let interval = INTERVAL_MAX.min(exchange.snapshot.limits.silence / 3);
    let (mut begun, mut listens) = (false, true);
    let chunked = session.req_header().version == Version::HTTP_11;
    loop {
        match tokio::time::timeout(interval, &mut work).await {
            Ok(done) => {
                return Waited {
                    begun,
                    listens,
                    done,
                };
            }
            Err(_) if !chunked || !listens => {}
            Err(_) if begun => listens = blank(session).await.is_ok(),
            Err(_) => {
                begun = true;
                listens = begin(session, exchange.id()).await.is_ok();
            }
        }
    }
}

impl Waited {
    /// The answer, if nothing of it has been written yet; else writes the rest of it.
    pub async fn rest(
        self,
        session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<Option<Answer>> {
        if !self.begun {
            return self.done.map(Some);
        }
        let document = match self.done.and_then(|answer| super::told(exchange, answer)) {
            Ok(answer) => answer.body,
            Err(error) => {
                let told = respond::told(&error);
                exchange.record_failure(&error, told.code.status());
                let (resource, id) = (exchange.resource(), exchange.id());
                Bytes::from(s3::xml::error::render(&told, resource, id))
            }
        };
        exchange.record_status(StatusCode::OK);
        if !self.listens {
            return Err(Error::ClientGone);
        }
        let rest = document.slice(declaration_len(&document)..);
        let written = session.write_response_body(Some(rest), true).await;
        written.map(|()| None).map_err(|_| Error::ClientGone)
    }
}

/// Bytes of the XML declaration of `document`, which may be the backend's own.
fn declaration_len(document: &[u8]) -> usize {
    let text = std::str::from_utf8(document).unwrap_or_default();
    let declared = text.strip_prefix("<?xml").and_then(|rest| rest.find("?>"));
    declared.map_or(0, |at| "<?xml".len() + at + "?>".len())
}

/// The head, and what no blank may stand before.
async fn begin(session: &mut Session, id: &str) -> pingora::Result<()> {
    let mut head = ResponseHeader::build(StatusCode::OK, Some(3))?;
    head.insert_header(header::CONTENT_TYPE, "application/xml")?;
    head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    head.insert_header("x-amz-request-id", id)?;
    session.write_response_header(Box::new(head), false).await?;
    let declaration = Bytes::from_static(DECLARATION.as_bytes());
    session.write_response_body(Some(declaration), false).await
}

async fn blank(session: &mut Session) -> pingora::Result<()> {
    let blank = Bytes::from_static(b" ");
    session.write_response_body(Some(blank), false).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_declaration_is_found() {
        for (declaration, rest) in [
            ("", "<a/>"),
            ("<?xml version=\"1.0\"?>", "<a/>"),
            ("<?xml version='1.0' encoding='UTF-8' ?>", "\n<a>?></a>"),
            ("", "<a><?xml?></a>"),
            ("", ""),
            ("", "<?xml"),
        ] {
            let document = format!("{declaration}{rest}");
            assert_eq!(declaration_len(document.as_bytes()), declaration.len());
        }
    }
}
