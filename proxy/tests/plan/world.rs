//! A configuration, and requests that clients signed under it. Proofs are made as in production:
//! a caller by its signature, a permit by the rules.

use std::io;
use std::path::Path;

use config::Config;
use config::Document;
use config::Source;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use pingora::http::RequestHeader;
use policy::Permit;
use s3::SecretKey;
use s3::SseAsked;
use sealgate::audit::Entry;
use sealgate::authenticate::Caller;
use sealgate::authenticate::Clients;
use sealgate::authorize;
use sealgate::authorize::Question;
use sealgate::call::Call;
use sealgate::kms::Keys;
use sealgate::plan;
use sealgate::plan::Draft;
use sealgate::plan::Lookup;
use sealgate::plan::Plan;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Two seals, objects of both kinds, and objects that are left alone.
const YAML: &str = r#"
listen: [{address: 127.0.0.1:8080}]
backend:
  endpoints: [http://minio:9000]
  credentials: {access_key: AKB, secret_key: {env: SECRET}}
clients:
  - name: app
    access_key: AKA
    secret_key: {env: SECRET}
    may: [{bucket: "*", actions: [read, write, list, delete, configure]}]
keys:
  - {name: main, provider: local, file: keyring.yaml}
rules:
  - {name: sm4, match: {bucket: "sm4-*"}, default: {sse: AES256, algorithm: SM4, key: main}}
  - {name: open, match: {bucket: "open-*"}, protect: none, unsealed: serve}
  - {name: mixed, match: {bucket: "mixed-*"}, unsealed: serve, default: {sse: AES256, key: main}}
  - {name: aes, match: {bucket: "aes-*"}, default: {sse: AES256, algorithm: AES256, key: main}}
"#;

const KEYRING: &str = "\
active: a
keys:
  - {id: a, key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=, created: 2026-01-01T00:00:00Z}
";

const SECRET: &str = "secret";

struct Files;

impl Source for Files {
    fn file(&self, path: &Path) -> io::Result<Document> {
        let text = if path.ends_with("keyring.yaml") {
            KEYRING
        } else {
            YAML
        };
        let text = Zeroizing::new(text.to_owned());
        Ok(Document { text, mode: 0o600 })
    }

    fn variable(&self, _name: &str) -> Option<Zeroizing<String>> {
        Some(Zeroizing::new(SECRET.to_owned()))
    }
}

/// A client's request.
pub struct Asked {
    pub call: Call,
    pub headers: HeaderMap,
    pub caller: Caller,
    pub permit: Permit,
}

pub fn config() -> Config {
    Config::load(Path::new("sealgate.yaml"), &Files).unwrap()
}

pub fn keys() -> Keys {
    Keys::new(config().keys, None)
}

/// `method path` with `headers`, signed; `payload` is what the signature says of the body.
pub fn ask(method: &str, path: &str, headers: &[(&str, &str)], payload: &str) -> Asked {
    let config = config();
    let now = OffsetDateTime::now_utc();
    let mut headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::try_from(*name).unwrap();
            (name, HeaderValue::try_from(*value).unwrap())
        })
        .collect();
    headers.insert("host", HeaderValue::from_static("gateway"));
    let method = method.parse().unwrap();
    let (raw_path, raw_query) = path.split_once('?').unwrap_or((path, ""));
    let head = s3::Head {
        method: &method,
        raw_path,
        raw_query,
        headers: &headers,
    };
    let secret = SecretKey::new(SECRET.to_owned());
    let signature = s3::sign(&head, "AKA", &secret, "us-east-1", now, payload);
    headers.extend(signature);
    let mut request = RequestHeader::build(method.clone(), path.as_bytes(), None).unwrap();
    for (name, value) in &headers {
        request.append_header(name.clone(), value).unwrap();
    }
    let call = Call::parse(&request, &[]).unwrap();
    let limits = s3::Limits {
        skew_max: time::Duration::minutes(15),
    };
    let clients = Clients::new(config.clients, config.region, limits);
    let caller = clients.authenticate(&call, &method, &headers, now).unwrap();
    let asked = SseAsked::read(&headers).unwrap();
    let question = Question {
        caller: &caller.name,
        operation: call.operation,
        target: &call.target,
        asked: &asked,
        setting: None,
        secure: true,
    };
    let permit = authorize::authorize(&config.rules, &Entry::default(), &question).unwrap();
    Asked {
        call,
        headers,
        caller,
        permit,
    }
}

/// The same without a body.
pub fn ask_empty(method: &str, path: &str, headers: &[(&str, &str)]) -> Asked {
    ask(method, path, headers, s3::UNSIGNED_PAYLOAD)
}

impl Asked {
    pub fn draft(&self, plain_len: u64) -> Result<Draft, s3::Error> {
        plan::request(&self.call, &self.headers, plain_len, &self.permit)
    }

    pub fn plan(&self, plain_len: u64) -> Plan {
        match self.draft(plain_len).unwrap() {
            Draft::Plan(plan) => *plan,
            Draft::Needs(_) => panic!("a look-up is wanted"),
        }
    }

    pub fn lookup(&self) -> Lookup {
        match self.draft(0).unwrap() {
            Draft::Needs(lookup) => *lookup,
            Draft::Plan(_) => panic!("no look-up is wanted"),
        }
    }

    pub fn refusal(&self, plain_len: u64) -> s3::Error {
        self.draft(plain_len).unwrap_err()
    }
}

/// Headers as `name: value` lines, in order of their names.
pub fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

/// `len` bytes, none of which repeats soon.
pub fn bytes(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap())
        .collect()
}
