//! Who a listener is to its clients, and whom it lets connect.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;

/// A certificate with its key, and whose certificates clients must show.
#[derive(Clone)]
pub struct Tls {
    identity: Arc<CertifiedKey>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    /// Sorted; none when every client may connect.
    authorities: Vec<CertificateDer<'static>>,
}

impl Tls {
    /// From a chain of certificates, the listener's own first, and its private key (PKCS#8, SEC1
    /// or PKCS#1), all in PEM.
    ///
    /// Errors say what is wrong with the texts, and quote nothing of them.
    pub(crate) fn new(chain: &str, key: &str) -> Result<Self, &'static str> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| "holds no private key in PEM that is not itself encrypted")?;
        let identity = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let identity = identity.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => "is not the key of the certificate",
            rustls::Error::InvalidCertificate(_) => "goes with a certificate that cannot be read",
            _ => "is of a kind that TLS does not know",
        })?;
        Ok(Self {
            identity: Arc::new(identity),
            clients: None,
            authorities: Vec::new(),
        })
    }

    /// Lets only clients connect that show a certificate of one of these authorities, in PEM.
    pub(crate) fn with_client_ca(mut self, authorities: &str) -> Result<Self, &'static str> {
        let mut roots = RootCertStore::empty();
        let mut authorities = certificates(authorities)?;
        authorities.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
        for authority in &authorities {
            let added = roots.add(authority.clone());
            added.map_err(|_| "holds a certificate that cannot be read")?;
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().map_err(|_| "holds no authority")?;
        self.clients = Some(verifier);
        self.authorities = authorities;
        Ok(self)
    }

    /// Who the listener is.
    #[must_use]
    pub fn identity(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.identity)
    }

    /// Whom it lets connect; everybody without it.
    #[must_use]
    pub fn clients(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.clients.clone()
    }

    /// Whether it lets the same clients connect as `other`.
    #[must_use]
    pub fn admits_as(&self, other: &Self) -> bool {
        self.authorities == other.authorities
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let demands = self.clients.is_some();
        f.debug_struct("Tls")
            .field("demands_certificates", &demands)
            .finish_non_exhaustive()
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("holds no certificates in PEM"),
    }
}
