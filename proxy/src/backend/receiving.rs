//! Objects that we read ourselves, piece by piece.

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use pingora::protocols::http::v1::client::HttpSession;

use super::Backend;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// An answer whose body is still coming.
pub struct Receiving {
    session: HttpSession,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
}

impl Backend {
    /// Asks for an object.
    pub async fn fetch(&self, outgoing: &Outgoing) -> Result<Receiving> {
        let (_, endpoint) = self.endpoint()?;
        let peer = endpoint.peer().await?;
        let unreachable = |error: Box<pingora::Error>| Error::Unreachable(error.to_string());
        let connected = self.client.fresh.get_http_session(&peer).await;
        let (mut session, _) = connected.map_err(unreachable)?;
        session.read_timeout = Some(self.client.silence);
        session.write_timeout = Some(self.client.silence);
        let head = self.sign(outgoing, endpoint)?;
        let sent = session.write_request_header(Box::new(head)).await;
        sent.map_err(unreachable)?;
        session.finish_body().await.map_err(unreachable)?;
        let head = session
            .read_resp_header_parts()
            .await
            .map_err(unreachable)?;
        let (status, headers) = (head.status, head.headers.clone());
        Ok(Receiving {
            session,
            status,
            headers,
        })
    }
}

impl Receiving {
    /// The next piece of the body; nothing at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let read = self.session.read_body_bytes().await;
        read.map_err(|_| Error::Backend("object broke off"))
    }
}
