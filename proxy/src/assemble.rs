//! The composition root: a configuration becomes running services. Nothing else opens sockets or
//! makes clients.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;

use config::Config;
use config::Limits;
use pingora::proxy::http_proxy_service;
use pingora::server::RunArgs;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;
use policy::RuleSet;

use crate::admin::Admin;
use crate::authenticate::Clients;
use crate::backend::Backend;
use crate::cache::Cache;
use crate::gateway::Gateway;
use crate::kms::Keys;
use crate::shutdown::GRACE_SECONDS;
use crate::shutdown::Shutdown;
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
    let addresses: Vec<SocketAddr> = config.listen.iter().map(|listen| listen.address).collect();
    for address in addresses.iter().chain(&config.admin) {
        probe(*address)?;
    }
    let metrics = Arc::new(Metrics::new()?);
    let mut server = Server::new_with_opt_and_conf(None, conf());
    let admin = config.admin;
    let gateway = Gateway::new(Arc::new(snapshot(config)), Arc::clone(&metrics));
    let mut clients = http_proxy_service(&server.configuration, gateway);
    for address in addresses {
        clients.add_tcp(&address.to_string());
    }
    server.add_service(clients);
    if let Some(address) = admin {
        let mut pages = Service::new("admin".to_owned(), Admin::new(Arc::clone(&metrics)));
        pages.add_tcp(&address.to_string());
        server.add_service(pages);
    }
    server.add_service(background_service("shutdown", Shutdown::new(metrics)));
    server.bootstrap();
    Ok(Assembled { server })
}

fn snapshot(config: Config) -> Snapshot {
    let limits = config.limits;
    let skew_max = time::Duration::try_from(limits.clock_skew).unwrap_or(time::Duration::MAX);
    Snapshot {
        domains: config.domains,
        clients: Clients::new(config.clients, config.region, s3::Limits { skew_max }),
        rules: config.rules,
        keys: Keys::new(config.keys),
        backend: Backend::new(config.backend, &limits),
        cache: Cache::default(),
        limits,
    }
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
