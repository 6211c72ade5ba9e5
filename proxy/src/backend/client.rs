//! The gateway's own questions to the backend: look-ups, and calls whose answer depends on the
//! client's body.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use pingora::connectors::http::v1::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use time::OffsetDateTime;

use super::Backend;
use super::Endpoint;
use super::IDLE_TIMEOUT;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most the limit that the question set.
    pub body: Bytes,
}

impl Answer {
    /// Success, of which there is nothing to say.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// When the backend says that it answered.
    #[must_use]
    pub fn date(&self) -> Option<OffsetDateTime> {
        let date = self.headers.get(header::DATE)?.to_str().ok()?;
        Some(httpdate::parse_http_date(date).ok()?.into())
    }
}

/// A pool of connections. Each is found by where it leads and how, so what reloads may share it.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) connector: Arc<Connector>,
    /// Connections that are always new: a body that is sent as it comes cannot be sent again.
    pub(super) fresh: Arc<Connector>,
    pub(super) silence: Duration,
}

impl Client {
    pub(super) fn new(silence: Duration) -> Self {
        Self {
            connector: Arc::new(Connector::new(None)),
            fresh: Arc::new(Connector::new(None)),
            silence,
        }
    }

    /// The same connections, with another patience.
    pub(super) fn with(&self, silence: Duration) -> Self {
        Self {
            silence,
            ..self.clone()
        }
    }
}

impl Backend {
    /// Sends `outgoing` with `body` and reads the answer, which may have `limit` bytes. A reused
    /// connection that turns out to be closed is replaced once: nothing was answered on it. What
    /// would come to something else the second time is sent once.
    pub async fn ask(&self, outgoing: &Outgoing, body: &Bytes, limit: usize) -> Result<Answer> {
        let mut outgoing = outgoing.clone();
        if !body.is_empty() {
            outgoing
                .headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let (_, endpoint) = self.endpoint()?;
        let request = || self.sign(&outgoing, endpoint);
        let pool = self.pool(outgoing.is_repeatable());
        self.send((endpoint, pool), &request, body, limit).await
    }

    /// Asks without a signature, as browsers do before they send a request to another origin.
    pub async fn ask_unsigned(&self, outgoing: &Outgoing, limit: usize) -> Result<Answer> {
        let (_, endpoint) = self.endpoint()?;
        let request = || self.unsigned(outgoing, endpoint);
        let pool = self.pool(true);
        self.send((endpoint, pool), &request, &Bytes::new(), limit)
            .await
    }

    /// What may not be sent twice goes over a new connection, which nobody has closed meanwhile.
    fn pool(&self, repeatable: bool) -> &Connector {
        if repeatable {
            &self.client.connector
        } else {
            &self.client.fresh
        }
    }

    async fn send(
        &self,
        (endpoint, pool): (&Endpoint, &Connector),
        request: &(dyn Fn() -> Result<RequestHeader> + Sync),
        body: &Bytes,
        limit: usize,
    ) -> Result<Answer> {
        let peer = endpoint.peer().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            let request = request()?;
            let connected = pool.get_http_session(&peer).await;
            let (mut session, reused) =
                connected.map_err(|error| Error::Unreachable(error.to_string()))?;
            session.read_timeout = Some(self.client.silence);
            session.write_timeout = Some(self.client.silence);
            match exchange(&mut session, request, body, limit).await {
                Ok(answer) => {
                    self.release(session, &peer).await;
                    return Ok(answer);
                }
                Err(Broken::BeforeAnswer(_)) if reused && tries == 1 => {}
                Err(broken) => return Err(broken.into()),
            }
        }
    }

    pub(super) async fn release(&self, mut session: HttpSession, peer: &HttpPeer) {
        session.respect_keepalive();
        let idle: Option<Duration> = Some(IDLE_TIMEOUT);
        self.client
            .connector
            .release_http_session(session, peer, idle)
            .await;
    }
}

pub(super) enum Broken {
    BeforeAnswer(Box<pingora::Error>),
    InAnswer(Error),
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::BeforeAnswer(error) => Self::Unreachable(error.to_string()),
            Broken::InAnswer(what) => what,
        }
    }
}

async fn exchange(
    session: &mut HttpSession,
    request: RequestHeader,
    body: &Bytes,
    limit: usize,
) -> Result<Answer, Broken> {
    session
        .write_request_header(Box::new(request))
        .await
        .map_err(Broken::BeforeAnswer)?;
    if !body.is_empty() {
        session
            .write_body(body)
            .await
            .map_err(Broken::BeforeAnswer)?;
    }
    session.finish_body().await.map_err(Broken::BeforeAnswer)?;
    read_answer(session, limit).await
}

pub(super) async fn read_answer(session: &mut HttpSession, limit: usize) -> Result<Answer, Broken> {
    let head = loop {
        let head = session
            .read_resp_header_parts()
            .await
            .map_err(Broken::BeforeAnswer)?;
        if !head.status.is_informational() {
            break head;
        }
    };
    let body = read_body(session, limit).await.map_err(Broken::InAnswer)?;
    Ok(Answer {
        status: head.status,
        headers: head.headers.clone(),
        body,
    })
}

async fn read_body(session: &mut HttpSession, limit: usize) -> Result<Bytes> {
    let mut body = BytesMut::new();
    loop {
        let read = session.read_body_bytes().await;
        match read.map_err(|_| Error::Backend("answer broke off"))? {
            None => return Ok(body.freeze()),
            Some(piece) if body.len() + piece.len() > limit => {
                return Err(Error::Backend("answer is longer than allowed"));
            }
            Some(piece) => body.extend_from_slice(&piece),
        }
    }
}
