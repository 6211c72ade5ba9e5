//! `sealgate check FILE`.

use std::path::Path;

use config::Config;
use config::Machine;

use super::Failure;
use super::say;

/// Loads the configuration and says what it found.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let config = Config::load(file, &Machine).map_err(Failure::usage)?;
    say(&format!(
        "{}: good: {} listeners, {} clients, {} keys, {} rules",
        file.display(),
        config.listen.len(),
        config.clients.len(),
        config.keys.len(),
        config.rules.rules().count(),
    ));
    Ok(())
}
