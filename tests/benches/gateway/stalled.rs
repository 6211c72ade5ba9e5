//! Readers that stop reading: what they make the gateway hold.

use std::io;
use std::thread;
use std::time::Duration;

use crate::client::Call;
use crate::client::Client;
use crate::client::Method;
use crate::report::mebibytes;
use crate::subjects::Bench;
use crate::subjects::Kind;
use crate::verify;

/// As `--only` calls it.
pub const NAME: &str = "stalled readers";

const READERS: usize = 200;
/// What each of them takes before it stops.
const TAKEN: usize = 64 << 10;
/// Until nothing moves any more: all buffers are full after a fraction of it.
const SETTLE: Duration = Duration::from_secs(3);
/// What the gateway may hold at most, MiB.
const LIMIT: f64 = 256.0;

/// Opens the readers on an object like `body` and looks at the gateway's memory.
pub fn measure(bench: &Bench, body: &[u8]) -> io::Result<()> {
    let subject = bench.subject(Kind::Aes)?;
    verify::verify(bench, &subject, body)?;
    let resident = || {
        subject
            .resident()
            .map(|bytes| mebibytes(bytes.unwrap_or(0)))
    };
    let before = resident()?;
    let call = Call {
        method: Method::Get,
        path: subject.path(body.len()),
        query: String::new(),
        range: None,
        body: &[],
        object: 0,
    };
    let head = call.head(subject.address)?;
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let mut reader = Client::connect(subject.address)?;
        reader.ask(&head, &[])?;
        reader.skip(TAKEN)?;
        readers.push(reader);
    }
    thread::sleep(SETTLE);
    let stalled = resident()?;
    drop(readers);
    thread::sleep(SETTLE);
    let after = resident()?;
    let peak = mebibytes(subject.peak()?.unwrap_or(0));
    println!(
        "\n| {READERS} stalled readers of {} MB, AES-256-GCM | MiB |\n|---|--:|\n\
         | before | {before:.0} |\n| all stalled | {stalled:.0} |\n| peak | {peak:.0} |\n\
         | closed again | {after:.0} |",
        body.len() / 1_000_000
    );
    if peak < LIMIT {
        return Ok(());
    }
    Err(io::Error::other(format!("more than {LIMIT:.0} MiB")))
}
