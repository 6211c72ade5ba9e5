//! Where clients and operators connect. The addresses stand from start to end; the certificates
//! behind them are those of the snapshot in force.

use std::fmt;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;

use config::Config;
use config::Listen;
use config::Tls;
use pingora::listeners::tls::TlsSettings;
use pingora::protocols::ALPN;
use pingora::services::listening::Service;
use rustls::server::ClientHello;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;

use crate::assemble::Unstartable;
use crate::reload::Current;

/// What the process listens to.
pub struct Listeners {
    clients: Vec<Listen>,
    admin: Option<SocketAddr>,
}

/// What of a configuration only a restart can bring into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedsRestart {
    /// Other addresses of clients, or TLS where there was none or the other way round.
    #[error("listen: addresses, and whether they speak TLS, cannot change without a restart")]
    Listen,
    /// Another address of the operator.
    #[error("admin: the address cannot change without a restart")]
    Admin,
    /// Other authorities. TLS sessions that stand could be resumed past them.
    #[error("listen: client_ca of {0} cannot change without a restart")]
    ClientCa(SocketAddr),
}

impl Listeners {
    /// Those of `config`, if they are free.
    ///
    /// pingora retries a taken port silently; we say at once which one it is.
    pub fn probe(config: &Config) -> Result<Self, Unstartable> {
        let clients = config.listen.iter().map(|listener| listener.address);
        for address in clients.chain(config.admin) {
            let bound = TcpListener::bind(address);
            let bound = bound.map(drop);
            bound.map_err(|source| Unstartable::Listen { address, source })?;
        }
        Ok(Self {
            clients: config.listen.clone(),
            admin: config.admin,
        })
    }

    /// The operator's.
    #[must_use]
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Opens those of clients for `service`.
    pub fn open<A>(
        &self,
        service: &mut Service<A>,
        current: &Arc<Current>,
    ) -> Result<(), Unstartable> {
        for Listen { address, tls, .. } in &self.clients {
            let named = address.to_string();
            match tls {
                None => service.add_tcp(&named),
                Some(tls) => {
                    let settings = settings(tls, *address, current)?;
                    service.add_tls_with_settings(&named, None, settings);
                }
            }
        }
        Ok(())
    }

    /// Whether `config` listens as the process does.
    pub fn fit(&self, config: &Config) -> Result<(), NeedsRestart> {
        if self.admin != config.admin {
            return Err(NeedsRestart::Admin);
        }
        if self.clients.len() != config.listen.len() {
            return Err(NeedsRestart::Listen);
        }
        for Listen { address, tls, .. } in &self.clients {
            let mut new = config.listen.iter();
            let new = new.find(|listener| listener.address == *address);
            match (tls, new.map(|listener| &listener.tls)) {
                (None, Some(None)) => {}
                (Some(old), Some(Some(new))) if old.admits_as(new) => {}
                (Some(_), Some(Some(_))) => return Err(NeedsRestart::ClientCa(*address)),
                _ => return Err(NeedsRestart::Listen),
            }
        }
        Ok(())
    }
}

/// pingora takes files or a resolver; ours are read and checked already.
fn settings(
    tls: &Tls,
    address: SocketAddr,
    current: &Arc<Current>,
) -> Result<TlsSettings, Unstartable> {
    let mut settings = TlsSettings::intermediate("", "").map_err(|_| Unstartable::Tls)?;
    let current = Arc::clone(current);
    settings.set_cert_resolver(Arc::new(Identity { address, current }));
    settings.set_alpn(ALPN::H1);
    if let Some(verifier) = tls.clients() {
        settings.set_client_cert_verifier(verifier);
    }
    Ok(settings)
}

/// Who a listener is, by the snapshot in force.
struct Identity {
    address: SocketAddr,
    current: Arc<Current>,
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let snapshot = self.current.get();
        snapshot.identities.get(&self.address).cloned()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.address)
    }
}
