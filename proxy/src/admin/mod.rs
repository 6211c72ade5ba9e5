//! The side door: `/health` (the process runs), `/ready` (it takes requests) and `/metrics`, on a
//! listener of their own that clients never see.

use std::sync::Arc;

use async_trait::async_trait;
use http::Response;
use http::StatusCode;
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

use crate::telemetry::metrics::Metrics;

/// The admin pages.
pub struct Admin {
    metrics: Arc<Metrics>,
}

impl Admin {
    /// Shows `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }

    fn page(&self, path: &str) -> (StatusCode, Vec<u8>) {
        match path {
            "/health" | "/ready" => (StatusCode::OK, b"ok\n".to_vec()),
            "/metrics" => (StatusCode::OK, self.metrics.render()),
            _ => (StatusCode::NOT_FOUND, b"not found\n".to_vec()),
        }
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let (status, body) = self.page(session.req_header().uri.path());
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let text = http::HeaderValue::from_static("text/plain; version=0.0.4");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, text);
        let length = http::HeaderValue::from(response.body().len());
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length);
        response
    }
}
