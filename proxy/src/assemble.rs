//! The composition root: a configuration becomes running services. Nothing else opens sockets or
//! makes clients.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use config::Compatibility;
use config::Config;
use config::Limits;
use config::Listen;
use ipnet::IpNet;
use pingora::proxy::http_proxy_service;
use pingora::server::RunArgs;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;
use policy::RuleSet;
use rustls::sign::CertifiedKey;

use crate::admin::Admin;
use crate::answer::listing::Look;
use crate::audit::Audit;
use crate::authenticate::Clients;
use crate::backend::Backend;
use crate::cache::Cache;
use crate::gateway::Gateway;
use crate::kms::Keys;
use crate::listeners::Listeners;
use crate::memory::Memory;
use crate::proof::Proven;
use crate::reload::Current;
use crate::reload::Files;
use crate::reload::Hangups;
use crate::reload::Reload;
use crate::settings::Learner;
use crate::settings::Settings;
use crate::shutdown::GRACE_SECONDS;
use crate::shutdown::Shutdown;
use crate::state::State;
use crate::state::Uploads;
use crate::sweeper::Sweeper;
use crate::telemetry::metrics::Metrics;

/// Everything that a request needs, of one configuration.
pub struct Snapshot {
    /// Which one it is, from 1: the configuration as it was read the first time.
    pub number: u64,
    /// Who the listeners over TLS are.
    pub identities: BTreeMap<SocketAddr, Arc<CertifiedKey>>,
    /// Domains under which buckets are virtual hosts.
    pub domains: Vec<String>,
    /// Who may call.
    pub clients: Clients,
    /// What they may do.
    pub rules: RuleSet,
    /// Where keys come from.
    pub keys: Keys,
    /// Where objects are.
    pub backend: Backend,
    /// What is known of them.
    pub cache: Arc<Cache>,
    /// How they look in listings, by version and `ETag`.
    pub looks: Arc<Memory<Look>>,
    /// Whether the backend's `ETag` of a multipart object tells the number of its parts.
    pub counts_parts: bool,
    /// Where records are kept, if anywhere.
    pub state: Option<State>,
    /// The uploads that are recorded there.
    pub uploads: Arc<Uploads>,
    /// Parts shorter than this wait until their upload is completed, bytes.
    pub min_part: u64,
    /// What buckets have been set to.
    pub settings: Arc<Settings>,
    /// In which buckets the backend is known to encrypt, and how.
    pub proofs: Arc<Memory<Proven>>,
    /// Which reference counts where references disagree.
    pub compatibility: Compatibility,
    /// Proxies whose word on the client's connection is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Listeners that count as if they had TLS.
    secure_listeners: Vec<SocketAddr>,
    /// Where decisions are recorded, if anywhere.
    pub audit: Option<Arc<Audit>>,
    /// How much of everything, and how long.
    pub limits: Limits,
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum Unstartable {
    /// Another process has the port, or this one may not.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
    /// pingora does not take the settings of a listener.
    #[error("TLS settings do not fit")]
    Tls,
    /// The audit log cannot be written.
    #[error("audit: {0}")]
    Audit(#[source] io::Error),
    /// The bucket of records can be none.
    #[error("state: {0}")]
    State(#[source] s3::Error),
    /// The process cannot watch over its configuration.
    #[error("cannot listen to SIGHUP: {0}")]
    Watch(#[from] io::Error),
    /// A metric could not be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// A gateway whose addresses were free a moment ago.
pub struct Assembled {
    server: Server,
}

impl Assembled {
    /// Serves until a signal ends it.
    pub fn run(self) {
        self.server.run(RunArgs::default());
    }
}

/// Builds the services of `config`, which was read from `files`.
pub fn assemble(config: Config, files: Files, hangups: Hangups) -> Result<Assembled, Unstartable> {
    let listeners = Listeners::probe(&config)?;
    let metrics = Arc::new(Metrics::new()?);
    let mut server = Server::new_with_opt_and_conf(None, conf());
    let current = Arc::new(Current::new(snapshot(config, None)?));
    let gateway = Gateway::new(Arc::clone(&current), Arc::clone(&metrics));
    let mut clients = http_proxy_service(&server.configuration, gateway);
    listeners.open(&mut clients, &current)?;
    server.add_service(clients);
    if let Some(address) = listeners.admin() {
        let mut pages = Service::new("admin".to_owned(), Admin::new(Arc::clone(&metrics)));
        pages.add_tcp(&address.to_string());
        server.add_service(pages);
    }
    server.add_service(background_service(
        "sweeper",
        Sweeper::new(Arc::clone(&current)),
    ));
    let learner = Learner::new(Arc::clone(&current));
    server.add_service(background_service("settings", learner));
    let shutdown = Shutdown::new(Arc::clone(&metrics));
    server.add_service(background_service("shutdown", shutdown));
    server.bootstrap();
    let reload = Reload {
        files,
        listeners,
        current,
        metrics,
    };
    reload.start(hangups)?;
    Ok(Assembled { server })
}

/// What `config` says, after the snapshot `before`. Of what that one learnt, it keeps what it would
/// learn again.
pub(crate) fn snapshot(config: Config, before: Option<&Snapshot>) -> Result<Snapshot, Unstartable> {
    let limits = config.limits;
    let skew_max = time::Duration::try_from(limits.clock_skew).unwrap_or(time::Duration::MAX);
    let state = config.state.map(State::new).transpose();
    let mut next = Snapshot {
        number: before.map_or(1, |before| before.number + 1),
        identities: identities(&config.listen),
        secure_listeners: secure(&config.listen),
        compatibility: config.compatibility,
        trusted_proxies: config.trusted_proxies,
        domains: config.domains,
        clients: Clients::new(config.clients, config.region, s3::Limits { skew_max }),
        rules: config.rules,
        keys: Keys::new(config.keys, before.map(|before| &before.keys)),
        state: state.map_err(Unstartable::State)?,
        uploads: Arc::default(),
        min_part: config.backend.min_part,
        counts_parts: config.backend.counts_parts,
        backend: Backend::new(
            config.backend,
            &limits,
            before.map(|before| &before.backend),
        ),
        cache: Arc::default(),
        looks: Arc::default(),
        proofs: Arc::default(),
        settings: Arc::default(),
        audit: config
            .audit
            .map(|audit| audit_to(&audit, before))
            .transpose()?,
        limits,
    };
    if let Some(before) = before {
        next.remember(before);
    }
    Ok(next)
}

impl Snapshot {
    /// Whether what comes in at this address counts as sent over TLS.
    #[must_use]
    pub fn is_secure_listener(&self, address: Option<SocketAddr>) -> bool {
        let Some(address) = address else { return false };
        let same = |listener: &SocketAddr| {
            let ip = listener.ip();
            let any = ip.is_unspecified() || ip.to_canonical() == address.ip().to_canonical();
            listener.port() == address.port() && any
        };
        self.secure_listeners.iter().any(same)
    }

    /// Takes over what was learnt `before` where everything it follows from is the same. How
    /// objects look follows from rules, too; what is recorded of uploads from their bucket.
    fn remember(&mut self, before: &Self) {
        if !self.backend.holds_the_same(&before.backend) || !self.keys.are(&before.keys) {
            return;
        }
        self.proofs = Arc::clone(&before.proofs);
        if self.state == before.state {
            self.uploads = Arc::clone(&before.uploads);
            self.settings = Arc::clone(&before.settings);
        }
        if self.rules.rules().eq(before.rules.rules()) && self.counts_parts == before.counts_parts {
            self.cache = Arc::clone(&before.cache);
            self.looks = Arc::clone(&before.looks);
        }
    }
}

fn secure(listen: &[Listen]) -> Vec<SocketAddr> {
    let secure = listen.iter().filter(|listener| listener.secure);
    secure.map(|listener| listener.address).collect()
}

/// The log goes on where it went before.
fn audit_to(target: &config::Audit, before: Option<&Snapshot>) -> Result<Arc<Audit>, Unstartable> {
    let before = before.and_then(|before| before.audit.as_ref());
    if let Some(audit) = before.filter(|audit| audit.goes_to(target)) {
        return Ok(Arc::clone(audit));
    }
    let audit = Audit::open(target).map_err(Unstartable::Audit)?;
    Ok(Arc::new(audit))
}

fn identities(listen: &[Listen]) -> BTreeMap<SocketAddr, Arc<CertifiedKey>> {
    let identity = |listener: &Listen| Some((listener.address, listener.tls.as_ref()?.identity()));
    listen.iter().filter_map(identity).collect()
}

fn conf() -> ServerConf {
    ServerConf {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        grace_period_seconds: Some(GRACE_SECONDS),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    }
}
