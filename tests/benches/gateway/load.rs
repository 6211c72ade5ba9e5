//! Connections that are kept busy for a while, and what that took.

use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::client::Call;
use crate::client::Client;
use crate::client::Method;
use crate::subjects::Subject;

/// What a round took.
pub struct Run {
    /// Of bodies, either way; what the client sees.
    pub bytes: usize,
    /// From the first request to the end of the last answer.
    pub elapsed: Duration,
    /// Of each call.
    pub latencies: Vec<Duration>,
    /// Of the subject's own processes; none where the subject is no process.
    pub cpu: Option<Duration>,
    /// The most memory the subject's processes had in the round, bytes.
    pub memory: Option<u64>,
}

impl Run {
    /// 10⁹ bytes.
    pub fn gigabytes(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let bytes = self.bytes as f64;
        bytes / 1e9
    }
}

/// Repeats `call`, which carries `carried` bytes, on each of `connections`, after one that is not
/// counted, until `seconds` are over.
pub fn run(
    subject: &Subject,
    call: &Call<'_>,
    carried: usize,
    connections: usize,
    seconds: Duration,
) -> io::Result<Run> {
    let head = call.head(subject.address)?;
    let expected = match call.method {
        Method::Get => carried,
        Method::Put | Method::PutFramed | Method::Post => 0,
    };
    let once = |client: &mut Client| -> io::Result<Duration> {
        let began = Instant::now();
        let length = client.ask(&head, call.body)?;
        client.skip(length)?;
        if length != expected {
            return Err(io::Error::other(format!("{length} bytes, not {expected}")));
        }
        Ok(began.elapsed())
    };
    let warm = Barrier::new(connections + 1);
    let go = Barrier::new(connections + 1);
    let worker = || -> io::Result<Vec<Duration>> {
        let warmed = Client::connect(subject.address).and_then(|mut client| {
            once(&mut client)?;
            Ok(client)
        });
        warm.wait();
        go.wait();
        let (mut client, began) = (warmed?, Instant::now());
        let mut latencies = Vec::new();
        while latencies.is_empty() || began.elapsed() < seconds {
            latencies.push(once(&mut client)?);
        }
        Ok(latencies)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(worker)).collect();
        warm.wait();
        subject.forget_peak();
        let cpu = subject.cpu();
        let began = Instant::now();
        go.wait();
        let mut latencies = Vec::new();
        for worker in workers {
            let joined = worker.join();
            latencies.extend(joined.map_err(|_| io::Error::other("a connection panicked"))??);
        }
        let elapsed = began.elapsed();
        let (cpu, after) = (cpu?, subject.cpu()?);
        Ok(Run {
            bytes: latencies.len() * carried,
            elapsed,
            latencies,
            cpu: cpu
                .zip(after)
                .map(|(before, after)| after.saturating_sub(before)),
            memory: subject.peak()?,
        })
    })
}
