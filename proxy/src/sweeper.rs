//! The sweep in the background of a gateway.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use time::OffsetDateTime;

use crate::assemble::Snapshot;
use crate::random;
use crate::reload::Current;
use crate::state::Desk;
use crate::state::SWEPT_AFTER;
use crate::state::Swept;

/// The earliest first sweep after a start: gateways that keep restarting do not keep sweeping.
const FIRST_AFTER: Duration = Duration::from_mins(2);
/// The time between two sweeps. What is swept is a day old: an hour more matters little.
const EVERY: Duration = Duration::from_hours(1);
/// What is added to either by chance, at most: gateways that start together sweep apart.
const SPREAD_SECONDS: u64 = 10 * 60;

/// Sweeps from time to time, where there is a bucket of records.
pub struct Sweeper {
    current: Arc<Current>,
}

impl Sweeper {
    /// Sweeps under what is in force when a sweep begins.
    #[must_use]
    pub fn new(current: Arc<Current>) -> Self {
        Self { current }
    }

    async fn sweep_again_and_again(&self) {
        let mut pause = FIRST_AFTER;
        loop {
            tokio::time::sleep(pause + by_chance()).await;
            pause = EVERY;
            if let Some(swept) = sweep(&self.current.get(), SWEPT_AFTER).await {
                log::info!("swept: {swept}");
            }
        }
    }
}

#[async_trait]
impl BackgroundService for Sweeper {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        // A sweep that is broken off has done less, and nothing wrong.
        tokio::select! {
            _ = shutdown.changed() => {}
            () = self.sweep_again_and_again() => {}
        }
    }
}

/// One sweep, now; nothing where there is no bucket of records.
pub async fn sweep(snapshot: &Snapshot, older_than: Duration) -> Option<Swept> {
    let desk = Desk {
        state: snapshot.state.as_ref()?,
        backend: &snapshot.backend,
        keys: &snapshot.keys,
    };
    let now = OffsetDateTime::now_utc();
    Some(snapshot.uploads.sweep(desk, now, older_than).await)
}

fn by_chance() -> Duration {
    let seconds = random::bytes().map_or(0, u64::from_be_bytes) % SPREAD_SECONDS;
    Duration::from_secs(seconds)
}
