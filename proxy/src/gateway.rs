//! pingora's phases. Each one delegates; this is the only file that says downstream and upstream.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::proxy::FailToProxy;
use pingora::proxy::ProxyHttp;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;

use crate::answer;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::passage;
use crate::receive;
use crate::receive::Received;
use crate::reload::Current;
use crate::respond;
use crate::telemetry::metrics::Metrics;
use crate::transform::head;

/// How long a client may keep a connection open without a request, seconds.
const KEEPALIVE_SECONDS: u64 = 60;

/// The proxy.
pub struct Gateway {
    current: Arc<Current>,
    metrics: Arc<Metrics>,
}

impl Gateway {
    /// Serves each request under the snapshot in force when it begins.
    #[must_use]
    pub fn new(current: Arc<Current>, metrics: Arc<Metrics>) -> Self {
        Self { current, metrics }
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.current.get(), self.metrics.enter())
    }

    async fn early_request_filter(
        &self,
        session: &mut Session,
        exchange: &mut Exchange,
    ) -> pingora::Result<()> {
        let silence = Some(exchange.snapshot.limits.silence);
        let client = session.as_downstream_mut();
        exchange.keeps_alive = client.get_keepalive().is_some();
        if exchange.keeps_alive {
            client.set_keepalive(Some(KEEPALIVE_SECONDS));
        }
        client.set_read_timeout(silence);
        client.set_write_timeout(silence);
        let address = session.client_addr().and_then(|address| address.as_inet());
        exchange.enter(address.copied()).await;
        Ok(())
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        exchange: &mut Exchange,
    ) -> pingora::Result<bool> {
        let failure = match Box::pin(receive::receive(session, exchange)).await {
            Ok(Received::Passes) => return Ok(false),
            Ok(Received::Preflight(call)) => answer::preflight::answer(session, exchange, &call)
                .await
                .err(),
            Ok(Received::Form(call)) => {
                let answer = answer::form::answer(session, exchange, &call);
                Box::pin(answer).await.err()
            }
            Ok(Received::Answered(call)) => {
                let answer = answer::answer(session, exchange, call);
                Box::pin(answer).await.err()
            }
            Err(error) => Some(error),
        };
        if let Some(error) = failure {
            respond::refuse(session, exchange, &error).await;
        }
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        exchange: &mut Exchange,
    ) -> pingora::Result<Box<HttpPeer>> {
        match passage::depart(exchange).await {
            Ok(peer) => Ok(Box::new(peer)),
            Err(error) => Err(exchange.fail(error)),
        }
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<pingora::Error>,
    ) -> Box<pingora::Error> {
        error.set_retry(passage::another_endpoint(exchange));
        error
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        upstream: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> pingora::Result<()> {
        let request = passage::attempt(exchange, &session.req_header().headers);
        *upstream = request.map_err(|error| exchange.fail(error))?;
        Ok(())
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> pingora::Result<()> {
        let sent = passage::upload(exchange, body.take(), end_of_stream);
        *body = sent.map_err(|error| exchange.fail(error))?;
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        upstream: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> pingora::Result<()> {
        if upstream.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(exchange.fail(Error::Backend("switches protocols")));
        }
        if upstream.status.is_informational() {
            return Ok(());
        }
        if exchange.keeps_alive && session.as_downstream_mut().is_body_done() {
            // Sending 100 Continue switched it off.
            session.set_keepalive(Some(KEEPALIVE_SECONDS));
        }
        match passage::arrive(exchange, upstream).await {
            Ok(passage::Arrival::Answer) => Ok(()),
            Ok(passage::Arrival::LostRace) => Err(retry()),
            Err(error) => Err(exchange.fail(error)),
        }
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        downstream: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> pingora::Result<()> {
        if downstream.status.is_informational() {
            return Ok(());
        }
        let changed = passage::head(exchange, downstream, session.req_header().version)
            .and_then(|()| head::own_ids(downstream, exchange.id()));
        changed.map_err(|error| exchange.fail(error))?;
        exchange.record_status(downstream.status);
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> pingora::Result<Option<Duration>> {
        let sent = passage::download(exchange, body.take(), end_of_stream);
        *body = sent.map_err(|error| exchange.fail(error))?;
        Ok(None)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &pingora::Error,
        exchange: &mut Exchange,
    ) -> FailToProxy {
        let failure = exchange
            .take_failure()
            .unwrap_or_else(|| passage::failure(error, exchange));
        // pingora closes the connection after this; the client must know.
        session.set_keepalive(None);
        let error_code = respond::refuse(session, exchange, &failure).await;
        FailToProxy {
            error_code,
            can_reuse_downstream: false,
        }
    }

    async fn logging(
        &self,
        session: &mut Session,
        error: Option<&pingora::Error>,
        exchange: &mut Exchange,
    ) {
        if let Some(failure) = exchange.take_failure() {
            let status = respond::told(&failure).code.status();
            exchange.record_failure(&failure, status);
        } else if let Some(error) = error {
            log::debug!("{} broke off: {error}", exchange.id());
        }
        exchange.leave(session);
        self.metrics.record(
            exchange,
            session.body_bytes_read(),
            session.body_bytes_sent(),
        );
    }

    fn suppress_error_log(
        &self,
        _session: &Session,
        _exchange: &Exchange,
        _error: &pingora::Error,
    ) -> bool {
        // pingora's line would name the request target; ours has the request id.
        true
    }
}

// pingora's phases return boxed errors.
#[allow(clippy::unnecessary_box_returns)]
fn retry() -> Box<pingora::Error> {
    let mut error = pingora::Error::explain(
        pingora::ErrorType::HTTPStatus(503),
        "object changed under a read",
    );
    error.as_up();
    error.set_retry(true);
    error
}

/// `Expect` as the client sent it: the backend's 100 is passed on.
#[must_use]
pub fn expects_continue(headers: &http::HeaderMap) -> bool {
    headers
        .get(header::EXPECT)
        .is_some_and(|value| value == "100-continue")
}
