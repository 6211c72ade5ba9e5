//! `sealgate serve FILE`.

use std::path::Path;

use config::Config;
use config::Machine;
use config::Source;

use super::Failure;
use crate::assemble;
use crate::assemble::Assembled;

/// Serves a configuration until a signal ends it.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let gateway = assembled(file, &Machine)?;
    log::info!("serving {}", file.display());
    gateway.run();
    Ok(())
}

/// A gateway of `file`, about to listen.
pub(super) fn assembled(file: &Path, source: &dyn Source) -> Result<Assembled, Failure> {
    let config = Config::load(file, source).map_err(Failure::usage)?;
    if std::env::var("OPENSSL_ia32cap").is_ok_and(|value| value.is_empty()) {
        log::warn!("OPENSSL_ia32cap is set and empty: this makes AES 40 times slower; unset it");
    }
    assemble::assemble(config).map_err(Failure::unavailable)
}
