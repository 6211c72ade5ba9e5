//! The composition root: a configuration becomes running services. Nothing else opens sockets or
//! makes clients.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;

use config::Config;
use config::Limits;
use config::Listen;
use config::Tls;
use pingora::listeners::tls::TlsSettings;
use pingora::protocols::ALPN;
use pingora::proxy::http_proxy_service;
use pingora::server::RunArgs;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;
use policy::RuleSet;
use rustls::sign::CertifiedKey;
use rustls::sign::SingleCertAndKey;

use crate::admin::Admin;
use crate::answer::listing::Look;
use crate::authenticate::Clients;
use crate::backend::Backend;
use crate::cache::Cache;
use crate::gateway::Gateway;
use crate::kms::Keys;
use crate::memory::Memory;
use crate::shutdown::GRACE_SECONDS;
use crate::shutdown::Shutdown;
use crate::state::State;
use crate::state::Uploads;
use crate::sweeper::Sweeper;
use crate::telemetry::metrics::Metrics;

/// Everything that a request needs, of one configuration.
pub struct Snapshot {
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
    pub cache: Cache,
    /// How they look in listings, by version and `ETag`.
    pub looks: Memory<Look>,
    /// Whether the backend's `ETag` of a multipart object tells the number of its parts.
    pub counts_parts: bool,
    /// Where records are kept, if anywhere.
    pub state: Option<State>,
    /// The uploads that are recorded there.
    pub uploads: Uploads,
    /// Parts shorter than this wait until their upload is completed, bytes.
    pub min_part: u64,
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
    /// The bucket of records can be none.
    #[error("state: {0}")]
    State(#[source] s3::Error),
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

/// Builds the services of `config`.
pub fn assemble(config: Config) -> Result<Assembled, Unstartable> {
    let listeners = config.listen.clone();
    let addresses = listeners.iter().map(|listener| listener.address);
    for address in addresses.chain(config.admin) {
        probe(address)?;
    }
    let metrics = Arc::new(Metrics::new()?);
    let mut server = Server::new_with_opt_and_conf(None, conf());
    let admin = config.admin;
    let snapshot = Arc::new(snapshot(config)?);
    let gateway = Gateway::new(Arc::clone(&snapshot), Arc::clone(&metrics));
    let mut clients = http_proxy_service(&server.configuration, gateway);
    for Listen { address, tls } in listeners {
        match tls {
            None => clients.add_tcp(&address.to_string()),
            Some(tls) => clients.add_tls_with_settings(&address.to_string(), None, settings(&tls)?),
        }
    }
    server.add_service(clients);
    if let Some(address) = admin {
        let mut pages = Service::new("admin".to_owned(), Admin::new(Arc::clone(&metrics)));
        pages.add_tcp(&address.to_string());
        server.add_service(pages);
    }
    server.add_service(background_service("sweeper", Sweeper::new(snapshot)));
    server.add_service(background_service("shutdown", Shutdown::new(metrics)));
    server.bootstrap();
    Ok(Assembled { server })
}

/// pingora takes files or a resolver; ours are read and checked already.
fn settings(tls: &Tls) -> Result<TlsSettings, Unstartable> {
    let mut settings = TlsSettings::intermediate("", "").map_err(|_| Unstartable::Tls)?;
    let identity = CertifiedKey::clone(&tls.identity());
    settings.set_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    settings.set_alpn(ALPN::H1);
    if let Some(verifier) = tls.clients() {
        settings.set_client_cert_verifier(verifier);
    }
    Ok(settings)
}

/// Makes what `config` says, without a listener.
pub(crate) fn snapshot(config: Config) -> Result<Snapshot, Unstartable> {
    let limits = config.limits;
    let skew_max = time::Duration::try_from(limits.clock_skew).unwrap_or(time::Duration::MAX);
    let state = config.state.map(State::new).transpose();
    Ok(Snapshot {
        domains: config.domains,
        clients: Clients::new(config.clients, config.region, s3::Limits { skew_max }),
        rules: config.rules,
        keys: Keys::new(config.keys),
        state: state.map_err(Unstartable::State)?,
        uploads: Uploads::default(),
        min_part: config.backend.min_part,
        counts_parts: config.backend.counts_parts,
        backend: Backend::new(config.backend, &limits),
        cache: Cache::default(),
        looks: Memory::default(),
        limits,
    })
}

fn conf() -> ServerConf {
    ServerConf {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        grace_period_seconds: Some(GRACE_SECONDS),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    }
}

/// pingora retries a taken port silently; we say at once which one it is.
fn probe(address: SocketAddr) -> Result<(), Unstartable> {
    let bound = TcpListener::bind(address);
    bound
        .map(drop)
        .map_err(|source| Unstartable::Listen { address, source })
}
