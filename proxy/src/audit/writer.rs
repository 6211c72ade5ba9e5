//! The thread that writes lines, and the file as it is renamed and removed under its hands.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use super::Lines;

/// Written at once, about so many bytes.
const BATCH: usize = 64 * 1024;

/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_millis(200);

/// The owner writes, the group may read along.
const MODE: u32 = 0o640;

/// What the thread is told.
pub(super) enum Message {
    /// Write these.
    Lines(Lines),
    /// See that the file is where it should be.
    Reopen,
}

/// Writes what comes until nothing can come any more.
pub(super) fn run(mut target: Target, messages: &Receiver<Message>) {
    while let Ok(first) = messages.recv() {
        let mut batch = Vec::new();
        let mut written = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Lines(lines) => {
                    batch.extend_from_slice(&lines.text);
                    written.push(lines);
                }
                Message::Reopen => {
                    // A file that cannot be had is told of by the next line, which waits for it.
                    let _ = target.follow();
                }
            }
            let more = batch.len() < BATCH;
            next = more.then(|| messages.try_recv().ok()).flatten();
        }
        target.write(&batch);
        // Only now have their requests ended.
        drop(written);
    }
}

/// An open file, and where it should be found.
pub(super) struct Target {
    /// Nowhere in particular for the standard output.
    path: Option<PathBuf>,
    file: File,
}

impl Target {
    /// Opens what the configuration names.
    pub(super) fn open(target: &config::Audit) -> io::Result<Self> {
        Ok(match target {
            config::Audit::Stdout => Self {
                path: None,
                file: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            },
            config::Audit::File(path) => Self {
                path: Some(path.clone()),
                file: open(path)?,
            },
        })
    }

    /// Writes all of `text`, however long it takes.
    fn write(&mut self, text: &[u8]) {
        let mut at = 0;
        let mut told = false;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            match self.write_some(text, rest) {
                Ok(end) => at = end,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if !told {
                        log::error!("audit: {}: {error}; requests wait", self.name());
                        told = true;
                    }
                    thread::sleep(PAUSE);
                }
            }
        }
        if told {
            log::info!("audit: {} is written again", self.name());
        }
    }

    /// Writes a piece of `rest`, which ends `text`, and returns where the next one begins. In
    /// another file a line begins anew: none is cut in two.
    fn write_some(&mut self, text: &[u8], rest: &[u8]) -> io::Result<usize> {
        let mut at = text.len() - rest.len();
        if self.follow()? {
            let before = text.get(..at).unwrap_or_default();
            let line = before.iter().rposition(|byte| *byte == b'\n');
            at = line.map_or(0, |end| end + 1);
        }
        let written = self.file.write(text.get(at..).unwrap_or_default())?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        Ok(at + written)
    }

    /// Opens the file anew when another one, or none, is found in its place.
    fn follow(&mut self) -> io::Result<bool> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let own = self.file.metadata()?;
        let same = fs::metadata(path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino()));
        if !same {
            self.file = open(path)?;
        }
        Ok(!same)
    }

    fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "standard output".to_owned(),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(MODE).open(path)
}
