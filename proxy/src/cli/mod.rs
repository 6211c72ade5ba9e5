//! What an operator types. Every command ends with an exit code of `sysexits.h`, or 1 when it looked for
//! faults and found some.

mod check;
mod demo;
mod doctor;
mod explain;
mod keyring;
mod serve;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

/// Transparent encryption in front of any S3 object store.
#[derive(Debug, Parser)]
#[command(name = "sealgate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a configuration until SIGTERM or Ctrl-C.
    Serve {
        /// The configuration, YAML.
        file: PathBuf,
    },
    /// Try everything on this machine: an embedded object store with a gateway in front of it.
    Demo(demo::Arguments),
    /// Judge a configuration without opening a socket: every problem with its line.
    Check(check::Arguments),
    /// Look after the backend of a configuration.
    Doctor(doctor::Arguments),
    /// Say which rule decides a call, why those before it do not, and what comes of it.
    Explain(explain::Arguments),
    /// Keep the keys of the `local` provider.
    Keyring {
        #[command(subcommand)]
        command: keyring::Command,
    },
}

/// Why a command did not do what it should, for the operator.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

// By value, so that `map_err(Failure::usage)` reads as it does.
#[allow(clippy::needless_pass_by_value)]
impl Failure {
    /// What was looked at is not as it should be.
    pub(crate) fn found(text: impl ToString) -> Self {
        Self {
            code: 1,
            text: text.to_string(),
        }
    }

    /// The configuration or the command line is wrong: `EX_USAGE`.
    pub(crate) fn usage(text: impl ToString) -> Self {
        Self {
            code: 64,
            text: text.to_string(),
        }
    }

    /// Something that is needed is not to be had: `EX_UNAVAILABLE`.
    pub(crate) fn unavailable(text: impl ToString) -> Self {
        Self {
            code: 69,
            text: text.to_string(),
        }
    }

    /// A file cannot be made: `EX_CANTCREAT`.
    pub(crate) fn cannot_create(text: impl ToString) -> Self {
        Self {
            code: 73,
            text: text.to_string(),
        }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 64 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    log_to_stderr();
    let done = match arguments.command {
        Command::Serve { file } => serve::run(&file),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Keyring { command } => keyring::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", failure.text.trim_end());
            ExitCode::from(failure.code)
        }
    }
}

/// One line to standard output. A closed pipe is nobody's failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Our own log at `info`, or what `SEALGATE_LOG` says. pingora's is capped at `warn` in code:
/// below that it writes request heads, with signatures in them.
fn log_to_stderr() {
    let own = std::env::var("SEALGATE_LOG").unwrap_or_else(|_| "info".to_owned());
    let own = own.parse().unwrap_or(log::LevelFilter::Info);
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Warn)
        .filter_module("sealgate", own)
        .filter_module("store", own)
        .init();
}
