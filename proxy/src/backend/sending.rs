//! Uploads of our own: a body that is sent while it comes in.

use bytes::Bytes;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;

use super::Answer;
use super::Backend;
use super::client::read_answer;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// A request whose head is out. Dropped before its end, the connection closes and the body stays
/// short of its declared length: nothing is stored.
pub struct Sending<'a> {
    backend: &'a Backend,
    session: HttpSession,
    peer: HttpPeer,
}

impl Backend {
    /// Sends the head of `outgoing`, which declares the length of the body to come.
    pub async fn begin(&self, outgoing: &Outgoing) -> Result<Sending<'_>> {
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
        Ok(Sending {
            backend: self,
            session,
            peer,
        })
    }
}

impl Sending<'_> {
    /// Sends the next piece. Whether the backend still listens: one that does not has answered.
    pub async fn write(&mut self, piece: &Bytes) -> bool {
        piece.is_empty() || self.session.write_body(piece).await.is_ok()
    }

    /// The whole body is sent: the answer, which may have `limit` bytes.
    pub async fn finish(mut self, limit: usize) -> Result<Answer> {
        let sent = self.session.finish_body().await;
        sent.map_err(|error| Error::Unreachable(error.to_string()))?;
        let answer = read_answer(&mut self.session, limit).await?;
        self.backend.release(self.session, &self.peer).await;
        Ok(answer)
    }

    /// The backend has stopped listening: the refusal that it gave before, which may have `limit`
    /// bytes.
    pub async fn refused(mut self, limit: usize) -> Result<Answer> {
        let answer = read_answer(&mut self.session, limit).await?;
        if answer.status.is_success() {
            return Err(Error::Backend("success before the end of the upload"));
        }
        Ok(answer)
    }
}
