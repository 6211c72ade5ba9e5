//! `sealgate doctor FILE`.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use config::Config;
use config::Machine;
use s3::BucketName;

use super::Failure;
use super::say;
use crate::assemble;
use crate::assemble::Snapshot;
use crate::doctor;
use crate::doctor::Finding;
use crate::doctor::Probe;
use crate::doctor::Verdict;
use crate::state::SWEPT_AFTER;
use crate::sweeper;

/// What to look after.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration, YAML.
    file: PathBuf,
    /// Remove what no upload needs any longer from the bucket of `state`, as a gateway does once an
    /// hour.
    #[arg(long)]
    sweep: bool,
    /// Try the backend in this bucket, which must be there [default: the bucket of `state`].
    #[arg(long, conflicts_with = "sweep", value_name = "NAME")]
    bucket: Option<String>,
    /// How old that must be, as `30m` or `48h` [default: 24h].
    #[arg(long, requires = "sweep", value_name = "TIME", value_parser = config::duration)]
    older_than: Option<Duration>,
}

/// Looks after the backend.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.file, &Machine).map_err(Failure::usage)?;
    let snapshot = assemble::snapshot(config, None).map_err(Failure::unavailable)?;
    let older_than = arguments.older_than.unwrap_or(SWEPT_AFTER);
    if arguments.sweep {
        return to_its_end(sweep(&snapshot, older_than))?;
    }
    let probe = probe(&snapshot, arguments.bucket.as_deref())?;
    to_its_end(examine(&probe))?
}

/// Tries what the backend can do. Also when it is interrupted, nothing stays there.
async fn examine(probe: &Probe<'_>) -> Result<(), Failure> {
    let mut problems = 0;
    let mut tell = |finding: Finding| {
        let Finding {
            title,
            verdict,
            text,
        } = finding;
        problems += usize::from(verdict == Verdict::Problem);
        say(&format!("{:<8} {title}: {text}", verdict.name()));
    };
    let interrupted = tokio::select! {
        () = doctor::examine(probe, &mut tell) => false,
        _ = tokio::signal::ctrl_c() => true,
    };
    if let Some(finding) = doctor::clean_up(probe).await {
        tell(finding);
    }
    match problems {
        _ if interrupted => Err(Failure::found("interrupted")),
        0 => Ok(()),
        1 => Err(Failure::found("1 problem")),
        _ => Err(Failure::found(format!("{problems} problems"))),
    }
}

/// Where the backend is tried.
fn probe<'a>(snapshot: &'a Snapshot, bucket: Option<&str>) -> Result<Probe<'a>, Failure> {
    let bucket = match (bucket, &snapshot.state) {
        (Some(name), _) => (BucketName::parse(name).map_err(Failure::usage)?, false),
        (None, Some(state)) => (state.bucket().clone(), true),
        (None, None) => {
            return Err(Failure::usage(
                "the configuration has no `state`: name a bucket to try things in, --bucket NAME",
            ));
        }
    };
    Probe::new(snapshot, bucket).map_err(Failure::unavailable)
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
