//! `sealgate keyring …`.

use std::path::Path;
use std::path::PathBuf;

use config::Keyring;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Failure;
use super::say;
use crate::random;

/// What to do with a keyring.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a keyring with one new key. An existing file is never touched.
    Init {
        /// The keyring to make.
        file: PathBuf,
        /// The new key's id: letters, digits, `.`, `_`, `-`; at most 64.
        #[arg(long, default_value = "1")]
        id: String,
    },
}

/// Carries out `command`.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Init { file, id } => {
            init(file, id)?;
            say(&format!(
                "made {}: back it up, without it nothing can be read",
                file.display()
            ));
            Ok(())
        }
    }
}

/// Makes a keyring whose only key is new.
pub(super) fn init(file: &Path, id: &str) -> Result<(), Failure> {
    let failed = |text: &str| Failure::cannot_create(format!("{}: {text}", file.display()));
    let key = random::bytes().map_err(|error| failed(&error.to_string()))?;
    let created = OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .ok()
        .and_then(|now| now.format(&Rfc3339).ok())
        .ok_or_else(|| failed("no time"))?;
    Keyring::create(file, id, key, &created).map_err(|error| failed(&error.to_string()))
}
