//! How an answer tells what was done.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

use super::SseHeader;
use super::SseMode;
use super::tells;
use crate::Dialect;
use crate::Operation;

/// The encryption of an object as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseTold {
    /// The mode.
    pub mode: SseMode,
    /// Whether the cipher is SM4.
    pub sm4: bool,
    /// The key's id.
    pub key_id: Option<String>,
    /// The key's project.
    pub project: Option<String>,
    /// Whether a bucket key stands between.
    pub bucket_key: bool,
    /// The encryption context, JSON.
    pub context: Option<Vec<u8>>,
    /// Base64 of the MD5 of the client's key, where it came along.
    pub customer_md5: Option<String>,
}

impl SseTold {
    /// Puts it into the head of an answer.
    pub fn tell(&self, operation: Operation, dialect: Dialect, head: &mut HeaderMap) {
        for header in SseHeader::ALL {
            let name = header.name(dialect).filter(|_| tells(operation, header));
            let (Some(name), Some(value)) = (name, self.value(header, dialect)) else {
                continue;
            };
            // A key's id is visible ASCII by configuration; anything else is left untold.
            if let Ok(value) = HeaderValue::try_from(value) {
                head.insert(HeaderName::from_static(name), value);
            }
        }
    }

    fn value(&self, header: SseHeader, dialect: Dialect) -> Option<String> {
        let text = |text: &str| Some(text.to_owned());
        match header {
            SseHeader::Mode => match (self.mode, dialect) {
                (SseMode::Customer, _) => None,
                (SseMode::Aes256, _) => text("AES256"),
                (SseMode::Kms, Dialect::S3) => text("aws:kms"),
                (SseMode::Dsse, Dialect::S3) => text("aws:kms:dsse"),
                // Huawei's has no word for two layers; both are keyed by the same id.
                (SseMode::Kms | SseMode::Dsse, Dialect::Obs) => text("kms"),
            },
            SseHeader::DataEncryption => self.sm4.then(|| "SM4".to_owned()),
            SseHeader::KeyId => self.key_id.clone(),
            SseHeader::Project => self.project.clone(),
            SseHeader::Context => self.context.as_ref().map(|json| STANDARD.encode(json)),
            SseHeader::BucketKey => self.bucket_key.then(|| "true".to_owned()),
            SseHeader::CustomerAlgorithm => {
                (self.mode == SseMode::Customer).then(|| "AES256".to_owned())
            }
            SseHeader::CustomerKeyMd5 => self.customer_md5.clone(),
            SseHeader::CustomerKey
            | SseHeader::SourceAlgorithm
            | SseHeader::SourceKey
            | SseHeader::SourceKeyMd5 => None,
        }
    }
}
