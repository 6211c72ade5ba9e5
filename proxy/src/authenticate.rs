//! Who calls: the request's signature against the configured clients.

use std::collections::HashMap;

use config::Client;
use http::HeaderMap;
use http::Method;
use policy::ClientName;
use s3::Expectation;
use s3::SecretKey;
use s3::Verified;
use time::OffsetDateTime;

use crate::call::Call;
use crate::error::Result;

/// A verified identity, and what its signature says of the body.
#[derive(Debug)]
pub struct Caller {
    /// Who it is.
    pub name: policy::Caller,
    /// Proof of the head; the body proves itself while it streams.
    pub verified: Verified,
}

/// The clients that may call, by access key.
pub struct Clients {
    by_access_key: HashMap<String, (ClientName, SecretKey)>,
    region: String,
    limits: s3::Limits,
}

impl Clients {
    /// The configured clients, who sign for `region` (`*`: any).
    #[must_use]
    pub fn new(clients: Vec<Client>, region: String, limits: s3::Limits) -> Self {
        let by_access_key = clients.into_iter().map(|client| {
            let secret = SecretKey::new(client.secret_key.expose().to_owned());
            (client.access_key, (client.name, secret))
        });
        Self {
            by_access_key: by_access_key.collect(),
            region,
            limits,
        }
    }

    /// Verifies the head of a request at the time `now`.
    pub fn authenticate(
        &self,
        call: &Call,
        method: &Method,
        headers: &HeaderMap,
        now: OffsetDateTime,
    ) -> Result<Caller> {
        let secrets = |access_key: &str| self.by_access_key.get(access_key).map(|(_, key)| key);
        let expect = Expectation {
            now,
            region: &self.region,
            host_bucket: call.host_bucket(),
            limits: self.limits,
        };
        let verified = s3::verify(&call.head(method, headers), &secrets, &expect)?;
        let (name, _) = self
            .by_access_key
            .get(verified.access_key())
            .ok_or_else(|| s3::Error::new(s3::ErrorCode::InvalidAccessKeyId))?;
        Ok(Caller {
            name: policy::Caller::Client(name.clone()),
            verified,
        })
    }
}
