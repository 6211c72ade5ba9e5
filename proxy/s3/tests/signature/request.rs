//! Requests that can be signed, altered and verified.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use s3::Error;
use s3::Expectation;
use s3::Head;
use s3::Limits;
use s3::SecretKey;
use s3::Verified;
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2013-05-24 12:00 UTC);
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub const REGION: &str = "eu-central-1";

/// A request as it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

impl Request {
    pub fn new(method: Method, path: &str, query: &str) -> Self {
        let headers = HeaderMap::from_iter([(
            http::header::HOST,
            HeaderValue::from_static("gateway.example:9000"),
        )]);
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
        }
    }

    /// A signed `GET` with nothing special.
    pub fn plain() -> Self {
        Self::new(Method::GET, "/bucket/a", "versionId=1").signed()
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).expect("the request has it");
        self
    }

    /// With the value of the header `name` edited.
    pub fn edited(mut self, name: &str, from: &str, to: &str) -> Self {
        let value = self.headers[name].to_str().unwrap();
        assert!(value.contains(from), "{value}");
        let edited = value.replacen(from, to, 1).parse().unwrap();
        self.headers
            .insert(HeaderName::try_from(name).unwrap(), edited);
        self
    }

    pub fn signed(self) -> Self {
        self.signed_at(NOW, "UNSIGNED-PAYLOAD")
    }

    pub fn signed_at(mut self, time: OffsetDateTime, payload: &str) -> Self {
        for (name, value) in s3::sign(&self.head(), ACCESS_KEY, &secret(), REGION, time, payload) {
            self.headers.insert(name, value);
        }
        self
    }

    pub fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &self.headers,
        }
    }

    pub fn verify(&self) -> Result<Verified, Error> {
        self.verify_at(NOW, REGION)
    }

    pub fn verify_at(&self, now: OffsetDateTime, region: &str) -> Result<Verified, Error> {
        let secret = secret();
        let secrets = |key: &str| (key == ACCESS_KEY).then_some(&secret);
        let expect = Expectation {
            now,
            region,
            host_bucket: None,
            limits: Limits::default(),
        };
        s3::verify(&self.head(), &secrets, &expect)
    }
}

/// The value of an element of the error's XML.
pub fn detail<'a>(error: &'a Error, name: &str) -> Option<&'a str> {
    let mut details = error.details.iter();
    details
        .find(|detail| detail.0 == name)
        .map(|detail| detail.1.as_str())
}

fn secret() -> SecretKey {
    SecretKey::new(SECRET.to_owned())
}
