//! What may be written in the file: a mirror of it, in which everything is optional.
//!
//! Nothing is judged here beyond its shape. `None` in a list stands where a mistake was found
//! and reported. Keys of type [`Later`] have their name already and their meaning not yet.

#![expect(
    dead_code,
    reason = "keys of type `Later` are refused while they are read"
)]

use policy::Action;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::audit::RawAudit;
use crate::later::Later;
use crate::secret::PublicText;
use crate::secret::SecretRef;
use crate::units::Length;
use crate::units::Size;

/// The entries of a list; a mistaken one is `None`, so that the others keep their numbers.
pub(crate) type List<T> = Vec<Option<T>>;

/// The whole file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Raw {
    /// Where clients are listened to. At least one; no default.
    pub listen: Option<List<Listen>>,
    /// The region clients must sign for; `"*"` accepts any. Default: `us-east-1`.
    pub region: Option<String>,
    /// Domains for virtual-host style: with `s3.example.com`, the host `photos.s3.example.com`
    /// means the bucket `photos`. Path style always works. Default: none.
    pub domains: Option<List<String>>,
    /// Where health and metrics are served, never to clients. Default: nowhere.
    pub admin: Option<Admin>,
    /// Where objects are stored. No default.
    pub backend: Option<Backend>,
    /// Who may call. No default; `[]` lets nobody in.
    pub clients: Option<List<Client>>,
    /// Where bucket keys come from. Default: none, which is enough for rules that do not seal.
    pub keys: Option<List<KeySource>>,
    /// What is decided: the first rule that matches, and no match refuses. No default.
    pub rules: Option<List<Rule>>,
    /// How much of everything, and how long.
    pub limits: Option<Limits>,
    /// Which reference counts where references disagree. Default: `aws`.
    pub compatibility: Option<CompatibilityWord>,
    /// Where the gateway keeps what multipart uploads need. Default: nowhere, and without it there
    /// are no multipart uploads of sealed objects.
    pub state: Option<State>,
    /// Whether `missing: reject` and `mismatch: reject` do so. Default: `enforce`.
    pub mode: Option<ModeWord>,
    /// Where decisions are recorded: `stdout` or `{file: PATH}`. Default: nowhere.
    pub audit: Option<RawAudit>,
    /// Proxies before the gateway whose `X-Forwarded-Proto` is believed, as addresses or networks
    /// (`10.0.0.0/8`). Default: none.
    pub trusted_proxies: Option<List<String>>,
    /// What is remembered of objects. Comes later.
    #[schemars(skip)]
    pub cache: Option<Later>,
}

/// One entry of `listen`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Listen {
    /// Address and port, `0.0.0.0:8080` or `[::]:8080`. No default.
    pub address: Option<String>,
    /// HTTPS instead of plain HTTP. Default: plain HTTP.
    pub tls: Option<Tls>,
    /// Whether what comes in here counts as sent over TLS: loopback, or a network that needs none.
    /// Default: `false`.
    pub secure: Option<bool>,
    /// Path of a socket. Comes later.
    #[schemars(skip)]
    pub unix: Option<Later>,
    /// Whose every request here is. Comes later.
    #[schemars(skip)]
    pub clients: Option<Later>,
}

/// The section `state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct State {
    /// A bucket of the gateway's own at the backend, hidden from clients and made when it is not
    /// there. No default.
    pub bucket: Option<String>,
}

/// The section `tls` of a listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Tls {
    /// File of the certificate and those that lead to its authority, in PEM. No default.
    pub certificate: Option<String>,
    /// File of the certificate's private key, in PEM. No default.
    pub key: Option<String>,
    /// File of the authorities, in PEM, whose certificates clients must show. Default: clients need
    /// none.
    pub client_ca: Option<String>,
}

/// The section `admin`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Admin {
    /// Address and port, `127.0.0.1:9090`. No default.
    pub address: Option<String>,
}

/// The section `backend`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Backend {
    /// Equals that requests are balanced over, as `http://HOST:PORT` or `https://NAME:PORT`.
    /// At least one; no default. The port defaults to the scheme's.
    pub endpoints: Option<List<String>>,
    /// What the backend speaks. Default: `s3`.
    pub dialect: Option<Dialect>,
    /// The region to sign for. Default: `us-east-1`.
    pub region: Option<String>,
    /// How a bucket is named to the backend. Default: `path`.
    pub addressing: Option<Addressing>,
    /// The shortest part the backend takes, except as the last one. Bytes, `1B` to `60MiB`.
    /// Default: `5MiB`.
    pub min_part: Option<Size>,
    /// What the `ETag` of a multipart object looks like: sizes in listings follow from it.
    /// Default: `counted`.
    pub multipart_etag: Option<MultipartEtag>,
    /// Whose signature requests to the backend carry. No default.
    pub credentials: Option<Credentials>,
    /// How bodies are signed. Comes later.
    #[schemars(skip)]
    pub payload: Option<Later>,
}

/// What a backend's `ETag` of a multipart object looks like.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MultipartEtag {
    /// It ends in `-` and the number of parts, as S3's does.
    Counted,
    /// It does not: listings cost a look-up for each object.
    Opaque,
}

/// What a backend speaks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// Amazon's dialect.
    S3,
    /// Huawei's dialect. Comes later.
    #[schemars(skip)]
    Obs,
}

/// How a bucket is named to the backend.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Addressing {
    /// As the first part of the path.
    Path,
    /// As the first part of the host. Comes later.
    #[schemars(skip)]
    VirtualHost,
}

/// An access key and its secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Credentials {
    /// The public half: a text, `{env: NAME}` or `{file: PATH}`. No default.
    pub access_key: Option<PublicText>,
    /// The secret half: `{env: NAME}` or `{file: PATH}`, never a text. No default.
    pub secret_key: Option<SecretRef>,
    /// What temporary credentials have besides. Comes later.
    #[schemars(skip)]
    pub session_token: Option<Later>,
}

/// One entry of `clients`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Client {
    /// What rules, refusals and audit lines call it: 1–64 of `A–Z a–z 0–9 . _ -`. No default.
    /// `anonymous` stands for callers who do not sign, and has no keys.
    pub name: Option<String>,
    /// The public half of the pair it signs with: a text, `{env: NAME}` or `{file: PATH}`. No
    /// default; `anonymous` has none.
    pub access_key: Option<PublicText>,
    /// The secret half: `{env: NAME}` or `{file: PATH}`, never a text. No default; `anonymous` has
    /// none.
    pub secret_key: Option<SecretRef>,
    /// What it may do, under the rules. Default: nothing.
    pub may: Option<List<Grant>>,
    /// Names of keys whose ids it may ask for, besides those of the rule's default. Default: none.
    pub keys: Option<List<String>>,
    /// As whom its requests go to the backend. Comes later.
    #[schemars(skip)]
    pub backend: Option<Later>,
}

/// One entry of a client's `may`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Grant {
    /// The buckets it speaks of: a name with `*` (any characters) and `?` (exactly one). No
    /// default.
    pub bucket: Option<String>,
    /// What may be done there. At least one; no default.
    pub actions: Option<List<Verb>>,
}

/// What may be done with a bucket and its objects.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", remote = "Action")]
pub(crate) enum ActionWord {
    /// Read objects.
    Read,
    /// Write objects.
    Write,
    /// List buckets, objects and unfinished uploads.
    List,
    /// Delete objects.
    Delete,
    /// Make and remove buckets, change their settings, ACLs and tags.
    Configure,
}

/// An [`Action`] by its word.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Verb(
    #[serde(with = "ActionWord")]
    #[schemars(with = "ActionWord")]
    pub Action,
);

/// One entry of `keys`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct KeySource {
    /// What rules call it, and what sealed objects keep: 1–64 of `A–Z a–z 0–9 . _ -`, not
    /// `customer`. Sealed objects cannot be read any more when it changes. No default.
    pub name: Option<String>,
    /// The algorithm under this key when the rule names none. Default: `AES256`.
    pub algorithm: Option<AlgorithmWord>,
    /// Who wraps and unwraps. No default.
    pub provider: Option<ProviderWord>,
    /// `local`: path of the keyring file, from the folder of this file. No default.
    pub file: Option<String>,
    /// `local`: id of the master key for new objects. Default: the keyring's `active`.
    pub master: Option<String>,
    /// Ids by which clients may ask for it; they are shown the first unless they ask for another.
    /// Default: its name.
    pub ids: Option<List<String>>,
    /// Whether it can be used, for new objects and for those there are. Default: `true`.
    pub enabled: Option<bool>,
    /// Where the provider is. Comes later.
    #[schemars(skip)]
    pub address: Option<Later>,
    /// Where in the provider. Comes later.
    #[schemars(skip)]
    pub mount: Option<Later>,
    /// The provider's name of the key. Comes later.
    #[schemars(skip)]
    pub key: Option<Later>,
    /// How to log in. Comes later.
    #[schemars(skip)]
    pub auth: Option<Later>,
    /// The provider's id of the key. Comes later.
    #[schemars(skip)]
    pub key_id: Option<Later>,
    /// The provider's region. Comes later.
    #[schemars(skip)]
    pub region: Option<Later>,
    /// The provider's address. Comes later.
    #[schemars(skip)]
    pub endpoint: Option<Later>,
    /// The provider's project. Comes later.
    #[schemars(skip)]
    pub project: Option<Later>,
}

/// Who wraps and unwraps bucket keys.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProviderWord {
    /// A keyring file on this machine.
    Local,
    /// Vault's transit engine. Comes later.
    #[schemars(skip)]
    Vault,
    /// AWS KMS. Comes later.
    #[schemars(skip)]
    AwsKms,
    /// Huawei KMS. Comes later.
    #[schemars(skip)]
    HuaweiKms,
    /// The backend itself, under rules with `protect: backend`.
    Backend,
}

/// The cipher that seals.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum AlgorithmWord {
    /// AES-256-GCM.
    #[serde(rename = "AES256")]
    Aes256,
    /// SM4-GCM.
    #[serde(rename = "SM4")]
    Sm4,
}

/// One entry of `rules`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Rule {
    /// What refusals and audit lines call it; any text, unique. No default.
    pub name: Option<String>,
    /// What the rule speaks of. No default.
    #[serde(rename = "match")]
    pub matches: Option<Match>,
    /// What happens to object data. Default: `gateway`.
    pub protect: Option<Protect>,
    /// How objects are sealed when the client asks for nothing.
    pub default: Option<SealDefault>,
    /// What a read does when the object in the backend is not sealed. Default: `reject`.
    pub unsealed: Option<Unsealed>,
    /// The bucket bound into seals, for a replica under another name; only beside a
    /// `match.bucket` without `*` and `?`. Default: the bucket's own name.
    pub sealed_as: Option<String>,
    /// What a client may ask for by header, besides the mode of `default`. Default: nothing.
    pub allow: Option<List<SseWord>>,
    /// What happens when a client asks for no encryption. Default: `inject`.
    pub missing: Option<Missing>,
    /// What happens when a client asks for a mode that is not allowed. Default: `reject`.
    pub mismatch: Option<Mismatch>,
    /// What clients see as the `ETag` of sealed objects. Default: `opaque`.
    pub etag: Option<Etag>,
    /// Whether plain HTTP is refused, whatever is asked. Default: `false`.
    pub require_tls: Option<bool>,
    /// Whether clients may send keys of their own (SSE-C) over plain HTTP. Default: `false`.
    pub sse_c_without_tls: Option<bool>,
    /// What `GET ?encryption` says when nothing is set. Default: `default`.
    pub not_configured: Option<NotConfigured>,
}

/// A rule's `match`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Match {
    /// The buckets: a name with `*` (any characters) and `?` (exactly one). No default.
    pub bucket: Option<String>,
    /// The objects: those whose name begins so. Default: `""`, which is all.
    pub prefix: Option<String>,
    /// The clients by name; `"*"` is every one. Default: `["*"]`.
    pub clients: Option<List<String>>,
    /// The operations on objects by name (`PutObject`); `"*"` is every one. Calls on buckets are not
    /// told apart. Default: `["*"]`.
    pub operations: Option<List<String>>,
}

/// What happens to object data.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protect {
    /// Seal it here.
    Gateway,
    /// Have the backend encrypt it.
    Backend,
    /// Seal it here and have the backend encrypt it again.
    Both,
    /// Pass it on untouched.
    None,
}

/// A rule's `default`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct SealDefault {
    /// The mode that is advertised to clients. Default: `AES256`.
    pub sse: Option<SseWord>,
    /// The cipher. Default: the key's `algorithm`.
    pub algorithm: Option<AlgorithmWord>,
    /// The name of one of `keys`. Default: the first of them; under `protect: backend` the backend's
    /// own choice.
    pub key: Option<String>,
    /// Whether `bucket-key-enabled` is advertised with `kms`. Default: `true`.
    pub bucket_key: Option<bool>,
}

/// The mode that is advertised to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum SseWord {
    /// SSE-S3.
    #[serde(rename = "AES256")]
    Aes256,
    /// SSE-KMS.
    #[serde(rename = "kms")]
    Kms,
    /// DSSE-KMS, under `protect: both`.
    #[serde(rename = "dsse")]
    Dsse,
    /// SSE-C: a key of the client's own. Never a default.
    #[serde(rename = "C")]
    Customer,
}

/// What happens when a client asks for no encryption.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missing {
    /// What the bucket has been set to is done, or the default.
    Inject,
    /// It is refused.
    Reject,
}

/// What happens when a client asks for a mode that is not allowed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mismatch {
    /// It is refused.
    Reject,
    /// The default is done instead, and told.
    Override,
}

/// What `GET ?encryption` says when nothing is set.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotConfigured {
    /// What is done without it.
    Default,
    /// That nothing is set.
    Error,
}

/// Whether rules that reject do so.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModeWord {
    /// They do.
    Enforce,
    /// They log and count it, and do what is done by default.
    Report,
}

/// Which reference counts where references disagree.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CompatibilityWord {
    /// What AWS is known to do.
    Aws,
    /// What Ceph's gateway does, and its tests ask for.
    Rgw,
}

/// What a read does when the object in the backend is not sealed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unsealed {
    /// Refuse it.
    Reject,
    /// Serve it as it is.
    Serve,
}

/// What clients see as the `ETag` of sealed objects.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Etag {
    /// The backend's, marked so that nobody takes it for a digest.
    Opaque,
    /// The MD5 of what the client stored; listings then cost a look-up for each object.
    Md5,
}

/// The section `limits`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Limits {
    /// How far a signature's time may lie from ours, either way. Default: `15m`, as in S3.
    pub clock_skew: Option<Length>,
    /// The longest XML body that is read. Default: `2MiB`.
    pub xml_body: Option<Size>,
    /// How long connecting to the backend may take, TLS included. Default: `5s`.
    pub connect: Option<Length>,
    /// How long either side may stay silent in the middle of an exchange. Default: `60s`.
    pub silence: Option<Length>,
}
