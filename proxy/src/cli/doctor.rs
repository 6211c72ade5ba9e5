//! `sealgate doctor FILE`.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use config::Config;
use config::Machine;

use super::Failure;
use super::say;
use crate::assemble;
use crate::assemble::Snapshot;
use crate::state::SWEPT_AFTER;
use crate::sweeper;

/// What to look after.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration, YAML.
    file: PathBuf,
    /// Remove what no upload needs any longer from the bucket of `state`, as a gateway does once an
    /// hour.
    #[arg(long, required = true)]
    sweep: bool,
    /// How old that must be, as `30m` or `48h` [default: 24h].
    #[arg(long, requires = "sweep", value_name = "TIME", value_parser = config::duration)]
    older_than: Option<Duration>,
}

/// Looks after the backend.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.file, &Machine).map_err(Failure::usage)?;
    let snapshot = assemble::snapshot(config).map_err(Failure::unavailable)?;
    let older_than = arguments.older_than.unwrap_or(SWEPT_AFTER);
    to_its_end(sweep(&snapshot, older_than))?
}

async fn sweep(snapshot: &Snapshot, older_than: Duration) -> Result<(), Failure> {
    let swept = sweeper::sweep(snapshot, older_than).await;
    let Some(swept) = swept else {
        return Err(Failure::usage(
            "nothing to sweep: the configuration has no `state`",
        ));
    };
    say(&format!("swept: {swept}"));
    if swept.unreadable + swept.failed > 0 {
        return Err(Failure::found("some could not be judged, and stay"));
    }
    Ok(())
}

fn to_its_end<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::unavailable)?;
    Ok(runtime.block_on(work))
}
