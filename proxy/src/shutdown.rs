//! The end: pingora's own grace period is a sleep, so this service watches the requests under
//! way and ends the process when the last one is done.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;

use crate::telemetry::metrics::Metrics;

/// How long requests under way may take to finish after SIGTERM, seconds.
pub const GRACE_SECONDS: u64 = 30;
/// How often the requests under way are counted.
const POLL: Duration = Duration::from_millis(50);

/// Ends the process once nothing is under way.
pub struct Shutdown {
    metrics: Arc<Metrics>,
}

impl Shutdown {
    /// Watches `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }
}

#[async_trait]
impl BackgroundService for Shutdown {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        if shutdown.changed().await.is_err() {
            return;
        }
        // A connection that was just accepted becomes a request within one poll.
        tokio::time::sleep(POLL).await;
        while self.metrics.in_flight() > 0 {
            tokio::time::sleep(POLL).await;
        }
        log::info!("no request is under way, ending");
        process::exit(0);
    }
}
