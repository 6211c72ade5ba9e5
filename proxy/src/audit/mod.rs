//! The record of decisions: who did what to which object, under which rule, with what outcome.
//!
//! One line of JSON for each decision, written when its request ends ([`Entry`]). No line is lost:
//! a request begins only when there is a place for its lines, and keeps it until they are
//! written. Where the disk stalls, requests wait at the door and no thread of theirs does; where
//! it fails, writing is tried again until it succeeds; and the process does not end before. There
//! is nothing secret in a line: it holds names, never headers, queries or signatures.

mod ended;
mod entry;
mod line;
mod writer;

use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::Sender;
use std::thread;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

pub use ended::Ended;
pub use entry::Began;
pub use entry::Entry;

use crate::telemetry::metrics::InFlight;
use writer::Message;
use writer::Target;

/// Requests whose lines are not written yet, those under way included. Lines have a few hundred
/// bytes; so many do not fill the memory, and so many clients at once nobody serves.
const PLACES: usize = 65_536;

/// Where lines go, by way of a thread that writes them.
pub struct Audit {
    target: config::Audit,
    places: Arc<Semaphore>,
    writer: Sender<Message>,
}

/// Room for the lines of one request.
pub(crate) struct Place {
    place: OwnedSemaphorePermit,
    writer: Sender<Message>,
}

/// Lines on their way; their place is free, and their request has ended, when they are written.
pub(crate) struct Lines {
    text: Vec<u8>,
    _place: OwnedSemaphorePermit,
    _request: Arc<InFlight>,
}

impl Audit {
    /// Opens `target`.
    pub fn open(target: &config::Audit) -> io::Result<Self> {
        Self::with(target, PLACES)
    }

    fn with(target: &config::Audit, places: usize) -> io::Result<Self> {
        let opened = Target::open(target)?;
        let (writer, lines) = mpsc::channel();
        let thread = thread::Builder::new().name("audit".to_owned());
        thread.spawn(move || writer::run(opened, &lines))?;
        Ok(Self {
            target: target.clone(),
            places: Arc::new(Semaphore::new(places)),
            writer,
        })
    }

    /// Whether lines go to `target`.
    #[must_use]
    pub fn goes_to(&self, target: &config::Audit) -> bool {
        self.target == *target
    }

    /// Makes the file anew if it was renamed or removed. Lines that come do so by themselves.
    pub fn reopen(&self) {
        let _ = self.writer.send(Message::Reopen);
    }

    /// Waits until there is room for one more request.
    pub(crate) async fn place(&self) -> Option<Place> {
        // It fails only where the semaphore is closed, which nobody does.
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let writer = self.writer.clone();
        Some(Place { place, writer })
    }
}

impl Place {
    /// Hands lines over to be written; `request` has not ended before.
    fn fill(self, text: Vec<u8>, request: Arc<InFlight>) {
        let lines = Lines {
            text,
            _place: self.place,
            _request: request,
        };
        let _ = self.writer.send(Message::Lines(lines));
    }
}
