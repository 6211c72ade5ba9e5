//! `sealgate check FILE`, and what a file may hold.

use std::path::Path;
use std::path::PathBuf;

use config::Config;
use config::Machine;

use super::Failure;
use super::say;

/// What to judge, or to print.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration, YAML.
    #[arg(required_unless_present_any = ["schema", "reference"])]
    file: Option<PathBuf>,
    /// Print the JSON Schema of configurations, for editors.
    #[arg(long, conflicts_with_all = ["file", "reference"])]
    schema: bool,
    /// Print the same as a page in Markdown.
    #[arg(long, conflicts_with = "file")]
    reference: bool,
}

/// Does what is asked.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.schema {
        say(&format!("{:#}", config::schema()));
    }
    if arguments.reference {
        say(config::reference().trim_end());
    }
    arguments.file.as_deref().map_or(Ok(()), judge)
}

/// Loads the configuration and says what it found.
fn judge(file: &Path) -> Result<(), Failure> {
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
