//! Change without a restart: when the configuration's files change, or on SIGHUP, it is read anew
//! as a whole, and one snapshot takes the place of another. Requests under way keep theirs.

mod files;

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use config::Config;
use config::Problems;
use tokio::runtime;
use tokio::runtime::Runtime;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::time::MissedTickBehavior;

pub use files::Files;

use crate::assemble;
use crate::assemble::Snapshot;
use crate::assemble::Unstartable;
use crate::listeners::Listeners;
use crate::listeners::NeedsRestart;
use crate::telemetry::metrics::Metrics;

/// How often the files are looked at. Two looks make a change, so it is in force within a second.
const LOOK: Duration = Duration::from_millis(500);

/// The snapshot in force.
pub struct Current(ArcSwap<Snapshot>);

impl Current {
    /// The first one.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self(ArcSwap::from_pointee(snapshot))
    }

    /// The one for a request that begins now.
    #[must_use]
    pub fn get(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }
}

/// What SIGHUP does.
pub struct Hangups {
    runtime: Runtime,
    signal: Option<Signal>,
}

impl Hangups {
    /// It asks for a reload, from now on.
    pub fn reload() -> io::Result<Self> {
        let mut hangups = Self::end()?;
        let within = hangups.runtime.enter();
        let signal = signal(SignalKind::hangup())?;
        drop(within);
        hangups.signal = Some(signal);
        Ok(hangups)
    }

    /// It ends the process, as for everything that runs in a terminal.
    pub fn end() -> io::Result<Self> {
        let mut runtime = runtime::Builder::new_current_thread();
        Ok(Self {
            runtime: runtime.enable_all().build()?,
            signal: None,
        })
    }
}

/// The next SIGHUP that asks for a reload.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => signal.recv().await.unwrap_or_default(),
        None => pending().await,
    }
}

/// What puts a new snapshot into force.
pub struct Reload {
    /// What is read.
    pub files: Files,
    /// What cannot change.
    pub listeners: Listeners,
    /// What is replaced.
    pub current: Arc<Current>,
    /// Where it is told.
    pub metrics: Arc<Metrics>,
}

/// Why a configuration does not come into force.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Refused {
    Mistaken(#[from] Problems),
    NeedsRestart(#[from] NeedsRestart),
    Unfit(#[from] Unstartable),
}

impl Reload {
    /// Watches from a thread of its own, since reading files blocks, until the process ends.
    pub fn start(mut self, hangups: Hangups) -> io::Result<()> {
        let Hangups { runtime, signal } = hangups;
        let thread = thread::Builder::new().name("reload".to_owned());
        thread.spawn(move || runtime.block_on(self.watch(signal)))?;
        Ok(())
    }

    async fn watch(&mut self, mut hangups: Option<Signal>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                () = next(&mut hangups) => true,
                _ = looks.tick() => false,
            };
            if let Some(audit) = self.current.get().audit.as_ref().filter(|_| asked) {
                audit.reopen();
            }
            if asked || self.files.have_changed() {
                self.reload();
            }
        }
    }

    fn reload(&mut self) {
        let config = self.files.read();
        if !self.files.are_as_read() {
            // Read in the middle of a change, of which the next looks will find the end.
            return;
        }
        let path = self.files.path().display();
        match config
            .map_err(Refused::from)
            .and_then(|config| self.apply(config))
        {
            Ok(number) => {
                log::info!("{path}: snapshot {number} is in force");
                self.metrics.reloaded(number);
            }
            Err(refused) => {
                let number = self.current.get().number;
                log::error!("{path}: refused, snapshot {number} stays in force");
                for line in refused.to_string().lines() {
                    log::error!("{line}");
                }
                self.metrics.reload_refused();
            }
        }
    }

    /// The whole of `config` comes into force, or nothing of it.
    fn apply(&self, config: Config) -> Result<u64, Refused> {
        self.listeners.fit(&config)?;
        let before = self.current.get();
        let snapshot = assemble::snapshot(config, Some(&before))?;
        let number = snapshot.number;
        self.current.0.store(Arc::new(snapshot));
        Ok(number)
    }
}
