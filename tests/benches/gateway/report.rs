//! Markdown tables.

use std::time::Duration;

use crate::load::Run;
use crate::subjects::Kind;

/// All rounds of a subject in a case.
pub struct Row {
    case: &'static str,
    kind: Kind,
    carried: usize,
    runs: Vec<Run>,
}

impl Row {
    /// Calls that carry `carried` bytes each.
    pub fn new(case: &'static str, kind: Kind, carried: usize) -> Self {
        Self {
            case,
            kind,
            carried,
            runs: Vec::new(),
        }
    }

    /// One more round.
    pub fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    fn gigabytes_per_second(&self) -> Option<f64> {
        self.median(|run| Some(run.gigabytes() / run.elapsed.as_secs_f64()))
    }

    fn calls_per_second(&self) -> Option<f64> {
        let gigabytes = self.gigabytes_per_second();
        gigabytes.map(|gigabytes| gigabytes * 1e9 / precise(self.carried))
    }

    /// Whether it is the bytes that cost, and not the call.
    fn is_bulk(&self) -> bool {
        self.carried >= 4 << 10
    }

    /// CPU seconds per GB.
    fn cpu(&self) -> Option<f64> {
        self.median(|run| Some(run.cpu?.as_secs_f64() / run.gigabytes()))
    }

    /// CPU microseconds per call.
    fn cpu_per_call(&self) -> Option<f64> {
        self.cpu().map(|cpu| cpu * precise(self.carried) / 1e3)
    }

    /// MiB.
    fn memory(&self) -> Option<f64> {
        let most = self.runs.iter().filter_map(|run| run.memory).max();
        most.map(mebibytes)
    }

    /// Of the calls of all rounds, `share` took at most this, milliseconds.
    fn latency(&self, share: f64) -> f64 {
        let latencies = self.runs.iter().flat_map(|run| &run.latencies);
        let mut latencies: Vec<Duration> = latencies.copied().collect();
        latencies.sort_unstable();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = (precise(latencies.len()) * share) as usize;
        let latency = latencies.get(index).or(latencies.last());
        latency.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }

    fn median(&self, value: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.runs.iter().filter_map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}

/// Prints what was measured, and what sealing costs beside relaying.
pub fn print(rows: &[Row]) {
    println!(
        "\n| case | subject | GB/s | CPU s/GB | calls/s | CPU µs/call | p50 ms | p99 ms | MiB |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|"
    );
    for row in rows {
        let bulk = row.is_bulk();
        println!(
            "| {} | {} | {} | {} | {} | {} | {:.2} | {:.2} | {} |",
            row.case,
            row.kind.name(),
            or_dash(row.gigabytes_per_second().filter(|_| bulk), 2),
            or_dash(row.cpu().filter(|_| bulk), 2),
            or_dash(row.calls_per_second(), 0),
            or_dash(row.cpu_per_call(), 0),
            row.latency(0.5),
            row.latency(0.99),
            or_dash(row.memory(), 0),
        );
    }
    println!(
        "\n| CPU against `protect: none` | nginx | AES-256-GCM | SM4-GCM |\n|---|--:|--:|--:|"
    );
    for plain in rows.iter().filter(|row| row.kind == Kind::Plain) {
        let ratio = |kind| {
            let mut rows = rows.iter();
            let row = rows.find(|row| row.kind == kind && row.case == plain.case);
            let ratio = row.and_then(Row::cpu).zip(plain.cpu());
            or_dash(ratio.map(|(own, plain)| own / plain), 2)
        };
        println!(
            "| {} | {} | {} | {} |",
            plain.case,
            ratio(Kind::Nginx),
            ratio(Kind::Aes),
            ratio(Kind::Sm4),
        );
    }
}

fn or_dash(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Bytes in MiB.
pub fn mebibytes(bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}

#[allow(clippy::cast_precision_loss)]
fn precise(count: usize) -> f64 {
    count as f64
}
