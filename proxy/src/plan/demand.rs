//! What the backend is to do itself with new object data, in its own headers.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use policy::Encryption;
use policy::Permit;
use policy::Protection;
use policy::Sse;
use s3::BucketName;
use s3::Dialect;
use s3::SseHeader;

/// What the backend is asked to do with new object data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    headers: Vec<(SseHeader, String)>,
}

impl Demand {
    /// What the rule demands; nothing where the backend is left to itself.
    ///
    /// Under `protect: both` the object's own key stays here, so the backend is asked for the mode
    /// with a key of its own choice; a client's own key it never sees.
    #[must_use]
    pub fn of(permit: &Permit, client: &HeaderMap) -> Option<Self> {
        let (encryption, theirs) = match permit.protection() {
            Protection::Backend(encryption) => (encryption, true),
            Protection::Both(encryption) => (encryption, false),
            Protection::Seal(_) | Protection::Relay => return None,
        };
        let mode = match encryption.sse {
            Sse::Kms | Sse::Dsse => "aws:kms",
            Sse::Aes256 | Sse::Customer => "AES256",
        };
        let mut headers = vec![(SseHeader::Mode, mode.to_owned())];
        if theirs {
            headers.extend(key(encryption));
            headers.extend(context(client).map(|context| (SseHeader::Context, context)));
        }
        Some(Self { headers })
    }

    /// Puts the demand into a request.
    pub fn put(&self, headers: &mut HeaderMap) {
        for (header, value) in &self.headers {
            let name = header.name(Dialect::S3).map(HeaderName::from_static);
            if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }

    /// Whether an answer says that it was done.
    #[must_use]
    pub fn is_met(&self, answer: &HeaderMap) -> bool {
        self.headers
            .iter()
            .filter(|(header, _)| *header == SseHeader::Mode)
            .all(|(header, value)| {
                let name = header.name(Dialect::S3).unwrap_or_default();
                answer.get(name).is_some_and(|said| said == value.as_str())
            })
    }

    /// What proofs of it are remembered under.
    #[must_use]
    pub fn name(&self, bucket: &BucketName) -> String {
        let context = |header: &SseHeader| *header == SseHeader::Context;
        let told = self.headers.iter().filter(|(header, _)| !context(header));
        let mut name = bucket.as_str().to_owned();
        for (_, value) in told {
            name.push('\n');
            name.push_str(value);
        }
        name
    }
}

fn key(encryption: &Encryption) -> Vec<(SseHeader, String)> {
    let id = encryption.key_id.iter();
    let mut headers: Vec<_> = id.map(|id| (SseHeader::KeyId, id.clone())).collect();
    if encryption.bucket_key {
        headers.push((SseHeader::BucketKey, "true".to_owned()));
    }
    headers
}

/// The client's encryption context, as it was written.
fn context(client: &HeaderMap) -> Option<String> {
    let context = client.get(SseHeader::Context.name(Dialect::S3)?)?;
    context.to_str().ok().map(str::to_owned)
}
