//! Before anything is timed: what was put is what one gets, and the backend sees none of it.

use std::collections::HashSet;
use std::io;

use crate::client::Call;
use crate::client::Client;
use crate::client::Method;
use crate::subjects::Bench;
use crate::subjects::Subject;

/// Bytes that are looked for in what the backend holds.
const BLOCK: usize = 16;
/// How much of it is looked through.
const SEARCHED: usize = 16 << 20;
/// Bytes of a range.
const RANGE: usize = 1 << 10;

/// A body of `len` bytes without any repetition.
pub fn body(len: usize) -> Vec<u8> {
    // xorshift64*, Vigna 2016.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ len as u64;
    let mut body = Vec::with_capacity(len + 8);
    while body.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        body.extend(state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    body.truncate(len);
    body
}

/// Puts `body` through `subject` and looks at it from both sides.
pub fn verify(bench: &Bench, subject: &Subject, body: &[u8]) -> io::Result<()> {
    let wrong = |what| {
        let (subject, len) = (subject.kind.name(), body.len());
        Err(io::Error::other(format!(
            "{subject}: object of {len} bytes {what}"
        )))
    };
    let path = subject.path(body.len());
    let put = Call {
        method: Method::Put,
        path: path.clone(),
        query: String::new(),
        range: None,
        body,
        object: body.len(),
    };
    let get = |range| Call {
        method: Method::Get,
        path: path.clone(),
        query: String::new(),
        range,
        body: &[],
        object: 0,
    };
    let whole = get(None);
    let mut client = Client::connect(subject.address)?;
    client.fetch(&put.head(subject.address)?, body)?;
    if client.fetch(&whole.head(subject.address)?, &[])? != body {
        return wrong("does not come back as it was put");
    }
    let beginning = client.fetch(&get(Some(RANGE)).head(subject.address)?, &[])?;
    if body.get(..RANGE) != Some(&*beginning) {
        return wrong("has another beginning");
    }
    let mut past = Client::connect(bench.backend)?;
    let stored = past.fetch(&whole.head(bench.backend)?, &[])?;
    match subject.kind.seals() {
        true if shows(&stored, body) => wrong("lies readable in the backend"),
        false if stored != body => wrong("lies in the backend as something else"),
        _ => Ok(()),
    }
}

/// Whether a block of `body` is anywhere in the beginning of `stored`.
fn shows(stored: &[u8], body: &[u8]) -> bool {
    // One block of each 4 KiB: a chunk in the clear has many.
    let blocks = body.chunks(4 << 10).filter_map(|page| page.get(..BLOCK));
    let blocks: HashSet<&[u8]> = blocks.collect();
    let stored = stored.get(..SEARCHED).unwrap_or(stored);
    stored.windows(BLOCK).any(|window| blocks.contains(window))
}
