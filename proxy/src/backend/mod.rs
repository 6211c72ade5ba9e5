//! The back door: where requests go, under whose signature, and the gateway's own questions.

mod client;
mod peer;
mod receiving;
mod sending;
mod sign;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use config::Limits;
use s3::SecretKey;

pub use client::Answer;
pub use peer::Endpoint;
pub use receiving::Receiving;
pub use sending::Sending;

use crate::error::Error;
use crate::error::Result;

/// The object store behind the gateway.
pub struct Backend {
    endpoints: Vec<Endpoint>,
    next: AtomicUsize,
    signer: sign::Signer,
    client: client::Client,
}

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl Backend {
    /// The configured backend, over the connections of the one `before`.
    #[must_use]
    pub fn new(backend: config::Backend, limits: &Limits, before: Option<&Self>) -> Self {
        let credentials = backend.credentials;
        let endpoints = backend.endpoints.into_iter();
        let secret = SecretKey::new(credentials.secret_key.expose().to_owned());
        Self {
            endpoints: endpoints
                .map(|endpoint| Endpoint::new(endpoint, limits))
                .collect(),
            next: AtomicUsize::new(0),
            signer: sign::Signer::new(credentials.access_key, secret, backend.region),
            client: match before {
                Some(before) => before.client.with(limits.silence),
                None => client::Client::new(limits.silence),
            },
        }
    }

    /// Whether names mean the same objects as at `other`: the same servers, in whatever order,
    /// see the same account.
    #[must_use]
    pub fn holds_the_same(&self, other: &Self) -> bool {
        let servers = |backend: &Self| -> BTreeSet<String> {
            backend.endpoints.iter().map(Endpoint::url).collect()
        };
        self.signer.is_as(&other.signer) && servers(self) == servers(other)
    }

    /// The endpoint whose turn it is.
    pub fn endpoint(&self) -> Result<(usize, &Endpoint)> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let index = turn.checked_rem(self.endpoints.len()).unwrap_or(0);
        Ok((index, self.endpoint_at(index)?))
    }

    /// The endpoint that had the turn `index`.
    pub fn endpoint_at(&self, index: usize) -> Result<&Endpoint> {
        self.endpoints
            .get(index)
            .ok_or(Error::Internal("no such backend endpoint"))
    }

    /// How many endpoints there are: so often is it worth connecting.
    #[must_use]
    pub fn endpoints(&self) -> usize {
        self.endpoints.len()
    }
}
