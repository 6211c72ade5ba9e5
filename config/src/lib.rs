//! One YAML file becomes a typed configuration.
//!
//! [`Config::load`] reads the file, the keyrings and the secret files it names, and nothing else:
//! no socket, no clock. A file with mistakes yields all of them at once, each with its line
//! ([`Problems`]). A [`Config`] that exists is complete and consistent.
//!
//! The way there: text → `tree` (YAML with the position of every node) → `raw` (what may be
//! written, everything optional) → `resolve` (what it means).

mod audit;
mod de;
mod defaults;
mod keyring;
mod later;
mod limits;
mod path;
mod problem;
mod raw;
mod report;
mod resolve;
mod schema;
mod secret;
mod source;
mod tls;
mod tree;
mod units;

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use ipnet::IpNet;
use policy::Algorithm;
use policy::ClientName;
use policy::KeyName;
use policy::RuleSet;

pub use audit::Audit;
pub use keyring::Keyring;
pub use limits::Limits;
pub use problem::Problem;
pub use problem::Problems;
pub use schema::reference;
pub use schema::schema;
pub use secret::Secret;
pub use source::Document;
pub use source::Machine;
pub use source::Source;
pub use tls::Tls;
pub use units::duration;

use raw::Raw;
use report::Report;
use resolve::Desk;
use resolve::resolve;

/// Everything the file says, with every default filled in.
#[derive(Debug)]
pub struct Config {
    /// Where clients are listened to; at least one, no two of the same address.
    pub listen: Vec<Listen>,
    /// The region clients sign for; `*` accepts any.
    pub region: String,
    /// Domains under which `BUCKET.DOMAIN` names a bucket: lower case, without a port.
    pub domains: Vec<String>,
    /// Where health and metrics are served; never where clients are listened to.
    pub admin: Option<SocketAddr>,
    /// Where objects are stored.
    pub backend: Backend,
    /// Who may call. Names and access keys are unique.
    pub clients: Vec<Client>,
    /// Where bucket keys come from. Names are unique.
    pub keys: Vec<Key>,
    /// What is decided. Every key a rule seals with is one of `keys`, and every client that may
    /// do anything is one of `clients`.
    pub rules: RuleSet,
    /// Where unfinished uploads are kept; nowhere without it.
    pub state: Option<State>,
    /// Which reference counts where references disagree.
    pub compatibility: Compatibility,
    /// Proxies whose `X-Forwarded-Proto` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where decisions are recorded; nowhere without it.
    pub audit: Option<Audit>,
    /// How much of everything.
    pub limits: Limits,
}

impl Config {
    /// Loads a configuration, or says everything that is wrong with it.
    pub fn load(path: &Path, source: &dyn Source) -> Result<Self, Problems> {
        let document = source
            .file(path)
            .map_err(|error| Problems::of_file(path, format!("cannot be read: {error}")))?;
        let (raw, report) =
            Report::read::<Raw>(&document.text).map_err(|problems| problems.in_file(path))?;
        resolve(raw, Desk::new(report, path, source))
    }
}

/// Where the gateway keeps records of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The bucket, at the backend.
    pub bucket: String,
    /// What its records are sealed with: the first of `keys`.
    pub key: KeyName,
}

/// One address to listen on.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address and port.
    pub address: SocketAddr,
    /// HTTPS; plain HTTP without it.
    pub tls: Option<Tls>,
    /// Whether what comes in counts as sent over TLS, though it is not.
    pub secure: bool,
}

/// Which reference counts where references disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compatibility {
    /// AWS.
    #[default]
    Aws,
    /// Ceph's gateway.
    Rgw,
}

/// Where objects are stored, and as whom. It speaks the S3 dialect and takes path-style requests.
#[derive(Debug)]
pub struct Backend {
    /// Equals that requests are balanced over; at least one, no two the same.
    pub endpoints: Vec<Endpoint>,
    /// The region to sign for.
    pub region: String,
    /// Whose signature requests carry.
    pub credentials: Credentials,
    /// The shortest part it takes except as the last one, in bytes: 1 to 60 MiB.
    pub min_part: u64,
    /// Whether the `ETag` of a multipart object ends in the number of its parts.
    pub counts_parts: bool,
}

/// One server of the backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Whether the connection is TLS. If so `host` is a name that its certificate can carry.
    pub tls: bool,
    /// A name or an address; an IPv6 address stands without brackets.
    pub host: String,
    /// The port, the scheme's own when the file names none.
    pub port: u16,
}

/// An access key and its secret.
#[derive(Debug)]
pub struct Credentials {
    /// Public half; stands in every request.
    pub access_key: String,
    /// Secret half; signs.
    pub secret_key: Secret,
}

/// Somebody who may call.
#[derive(Debug)]
pub struct Client {
    /// What rules, refusals and audit lines call it.
    pub name: ClientName,
    /// Public half of the pair it signs with.
    pub access_key: String,
    /// Secret half of that pair.
    pub secret_key: Secret,
}

/// Where bucket keys come from.
#[derive(Debug)]
pub struct Key {
    /// What rules call it, and what envelopes keep (FORMAT.md §3, `by`).
    pub name: KeyName,
    /// The algorithm under this key when neither the rule nor the client names one.
    pub algorithm: Option<Algorithm>,
    /// Whether it can be used.
    pub enabled: bool,
    /// Who wraps and unwraps.
    pub provider: Provider,
}

/// Who wraps and unwraps bucket keys.
#[derive(Debug)]
pub enum Provider {
    /// Master keys in a file on this machine (FORMAT.md §2, `local`).
    Local {
        /// The keyring, loaded and checked.
        keyring: Keyring,
        /// Id of the master key that wraps new bucket keys; the keyring holds it.
        master: String,
        /// Where the keyring lies.
        file: PathBuf,
    },
    /// The backend, which is told the key's id and does it all.
    Backend,
}
