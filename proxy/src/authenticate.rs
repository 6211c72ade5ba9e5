//! Who calls: the request's signature against the configured clients.

use std::collections::HashMap;

use config::Client;
use http::HeaderMap;
use http::Method;
use policy::ClientName;
use s3::Expectation;
use s3::FormCall;
use s3::SecretKey;
use s3::Verified;
use time::OffsetDateTime;

use crate::call::Call;
use crate::error::Result;

/// Who calls, and what the head says of the body.
#[derive(Debug)]
pub struct Caller {
    /// Who it is; anonymous when nobody signed.
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

    /// Verifies the head of a request at the time `now`; without a signature the caller is
    /// anonymous, whom only the policy can let in.
    pub fn authenticate(
        &self,
        call: &Call,
        method: &Method,
        headers: &HeaderMap,
        now: OffsetDateTime,
    ) -> Result<Caller> {
        let head = call.head(method, headers);
        let verified = s3::verify(&head, &|key| self.secret(key), &self.expect(call, now))?;
        self.caller(verified)
    }

    /// Verifies a form, which brings its proof in its fields, at the time `now`.
    pub fn authenticate_form(
        &self,
        call: &Call,
        form: &FormCall<'_>,
        now: OffsetDateTime,
    ) -> Result<Caller> {
        let verified = s3::verify_form(form, &|key| self.secret(key), &self.expect(call, now))?;
        self.caller(verified)
    }

    /// By which names policies know a caller: its own, and its access key. Nobody that did not sign has
    /// any.
    #[must_use]
    pub fn names<'a>(&'a self, caller: &'a policy::Caller) -> Vec<&'a str> {
        let policy::Caller::Client(own) = caller else {
            return Vec::new();
        };
        let clients = self.by_access_key.iter();
        let keys = clients.filter(|(_, (name, _))| name == own);
        let keys = keys.map(|(access_key, _)| access_key.as_str());
        keys.chain([own.as_str()]).collect()
    }

    fn secret(&self, access_key: &str) -> Option<&SecretKey> {
        self.by_access_key.get(access_key).map(|(_, secret)| secret)
    }

    fn expect<'a>(&'a self, call: &'a Call, now: OffsetDateTime) -> Expectation<'a> {
        Expectation {
            now,
            region: &self.region,
            host_bucket: call.host_bucket(),
            limits: self.limits,
        }
    }

    fn caller(&self, verified: Verified) -> Result<Caller> {
        let name = match verified.access_key() {
            None => policy::Caller::Anonymous,
            Some(access_key) => {
                let known = self.by_access_key.get(access_key);
                let (name, _) =
                    known.ok_or_else(|| s3::Error::new(s3::ErrorCode::InvalidAccessKeyId))?;
                policy::Caller::Client(name.clone())
            }
        };
        Ok(Caller { name, verified })
    }
}
