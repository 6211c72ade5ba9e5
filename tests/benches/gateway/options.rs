//! The command line.

use std::time::Duration;

/// What the command line may hold.
pub const USAGE: &str = "usage: gateway [--rounds N] [--seconds S] [--only TEXT]
  --rounds   how often each subject of a case is measured [5]
  --seconds  how long, each time [1.5]
  --only     rows whose `CASE SUBJECT` contains TEXT, such as \"GET 64 KiB\" or \"AES\"";

/// How much is measured.
pub struct Options {
    /// Rounds of each subject in each case.
    pub rounds: usize,
    /// Of one round.
    pub seconds: Duration,
    only: Option<String>,
}

impl Options {
    /// Reads the arguments behind the program's name.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            rounds: 5,
            seconds: Duration::from_millis(1500),
            only: None,
        };
        while let Some(name) = arguments.next() {
            // Cargo says so to every benchmark.
            if name == "--bench" {
                continue;
            }
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("{name}: needs a value"))?;
            let bad = || format!("{name}: not {value}");
            match name.as_str() {
                "--rounds" => {
                    let rounds = value.parse().map_err(|_| bad())?;
                    options.rounds = (rounds > 0).then_some(rounds).ok_or_else(bad)?;
                }
                "--seconds" => {
                    let seconds = value.parse().map_err(|_| bad())?;
                    options.seconds = Duration::try_from_secs_f64(seconds).map_err(|_| bad())?;
                }
                "--only" => options.only = Some(value),
                _ => return Err(format!("{name}: unknown")),
            }
        }
        Ok(options)
    }

    /// Whether the row of this name is measured.
    pub fn wants(&self, row: &str) -> bool {
        self.only.as_deref().is_none_or(|only| row.contains(only))
    }
}
