//! Every metric of the gateway, by name.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use prometheus::Encoder;
use prometheus::HistogramOpts;
use prometheus::HistogramVec;
use prometheus::IntCounterVec;
use prometheus::IntGauge;
use prometheus::Opts;
use prometheus::Registry;
use prometheus::TextEncoder;

use crate::exchange::Exchange;

/// Seconds that a request may take, coarse from milliseconds to minutes.
const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0];

/// Outcomes of a reload.
const APPLIED: &str = "applied";
const REFUSED: &str = "refused";

/// Counters and the number of requests under way.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    bytes: IntCounterVec,
    snapshot: IntGauge,
    reloads: IntCounterVec,
    in_flight: Arc<AtomicUsize>,
}

/// A request under way; leaving is dropping it.
pub struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Metrics {
    /// All counters at zero.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "sealgate_requests_total",
                "Requests by operation and status",
            ),
            &["operation", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new(
                "sealgate_request_seconds",
                "Duration of requests in seconds",
            )
            .buckets(SECONDS.to_vec()),
            &["operation"],
        )?;
        let bytes = IntCounterVec::new(
            Opts::new(
                "sealgate_client_bytes_total",
                "Body bytes from and to clients",
            ),
            &["direction"],
        )?;
        let snapshot = IntGauge::new(
            "sealgate_snapshot",
            "Number of the configuration in force, from 1",
        )?;
        snapshot.set(1);
        let reloads = IntCounterVec::new(
            Opts::new(
                "sealgate_reloads_total",
                "Configurations that came into force or were refused since the start",
            ),
            &["outcome"],
        )?;
        for outcome in [APPLIED, REFUSED] {
            reloads.with_label_values(&[outcome]).reset();
        }
        registry.register(Box::new(snapshot.clone()))?;
        registry.register(Box::new(reloads.clone()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(bytes.clone()))?;
        Ok(Self {
            registry,
            requests,
            seconds,
            bytes,
            snapshot,
            reloads,
            in_flight: Arc::default(),
        })
    }

    /// A request arrives.
    #[must_use]
    pub fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(&self.in_flight))
    }

    /// Requests under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// The snapshot of that number came into force.
    pub fn reloaded(&self, number: u64) {
        self.reloads.with_label_values(&[APPLIED]).inc();
        self.snapshot.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// A configuration was refused.
    pub fn reload_refused(&self) {
        self.reloads.with_label_values(&[REFUSED]).inc();
    }

    /// A request has ended.
    pub fn record(&self, exchange: &Exchange, received: usize, sent: usize) {
        let operation = exchange.operation();
        let status = exchange
            .status()
            .map_or("none", |status| class(status.as_u16()));
        self.requests.with_label_values(&[operation, status]).inc();
        self.seconds
            .with_label_values(&[operation])
            .observe(exchange.seconds());
        self.bytes
            .with_label_values(&["received"])
            .inc_by(received as u64);
        self.bytes.with_label_values(&["sent"]).inc_by(sent as u64);
    }

    /// Everything in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let gauge = format!(
            "# HELP sealgate_requests_in_flight Requests under way\n\
             # TYPE sealgate_requests_in_flight gauge\n\
             sealgate_requests_in_flight {}\n",
            self.in_flight()
        );
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            log::error!("metrics do not render: {error}");
        }
        text.extend_from_slice(gauge.as_bytes());
        text
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
