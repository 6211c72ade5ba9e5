//! `sealgate serve FILE`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use config::Machine;
use config::Source;

use super::Failure;
use crate::assemble;
use crate::assemble::Assembled;
use crate::reload::Files;
use crate::reload::Hangups;

/// Serves a configuration until a signal ends it.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let gateway = assembled(file, Arc::new(Machine), Hangups::reload)?;
    log::info!("serving {}", file.display());
    gateway.run();
    Ok(())
}

/// A gateway of `file`, about to listen.
pub(super) fn assembled(
    file: &Path,
    source: Arc<dyn Source + Send + Sync>,
    hangups: impl FnOnce() -> io::Result<Hangups>,
) -> Result<Assembled, Failure> {
    let mut files = Files::new(file, source);
    let config = files.read().map_err(Failure::usage)?;
    if std::env::var("OPENSSL_ia32cap").is_ok_and(|value| value.is_empty()) {
        log::warn!("OPENSSL_ia32cap is set and empty: this makes AES 40 times slower; unset it");
    }
    let hangups = hangups().map_err(Failure::unavailable)?;
    assemble::assemble(config, files, hangups).map_err(Failure::unavailable)
}
