//! What a request asks for with its headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::HeaderValue;

use super::CustomerKey;
use super::SseHeader;
use super::SseMode;
use super::carries;
use super::customer::invalid;
use super::customer::named;
use crate::Dialect;
use crate::Error;
use crate::ErrorCode;
use crate::Operation;
use crate::xml::encryption::BucketEncryption;

/// The headers of server-side encryption of one request, collected and not yet judged: policy is
/// asked first whether the caller may ask for what they name.
#[derive(Clone, Copy, Debug)]
pub struct SseAsked<'a> {
    values: [Option<&'a HeaderValue>; SseHeader::ALL.len()],
    dialect: Dialect,
}

/// Longest encryption context, bytes of JSON.
const CONTEXT_MAX: usize = 512;

impl<'a> SseAsked<'a> {
    /// Collects them.
    ///
    /// Errors: `InvalidArgument` for a header that is there twice, and for both dialects at once:
    /// somebody else might read the other one.
    pub fn read(headers: &'a HeaderMap) -> Result<Self, Error> {
        let mut values = [None; SseHeader::ALL.len()];
        let mut spoken = None;
        for (name, value) in headers {
            let Some((header, dialect)) = SseHeader::from_name(name.as_str()) else {
                continue;
            };
            let ambiguous = *spoken.get_or_insert(dialect) != dialect;
            let slot = SseHeader::ALL.into_iter().zip(&mut values);
            for (_, slot) in slot.filter(|(one, _)| *one == header) {
                if ambiguous || slot.replace(value).is_some() {
                    return Err(ambiguous_header(name.as_str()));
                }
            }
        }
        Ok(Self {
            values,
            dialect: spoken.unwrap_or_else(|| Dialect::of(headers)),
        })
    }

    /// The dialect of the answer.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The modes that are named; two contradict each other.
    pub fn modes(&self) -> impl Iterator<Item = SseMode> {
        let customer = self.names_customer_key().then_some(SseMode::Customer);
        self.mode().ok().flatten().into_iter().chain(customer)
    }

    /// The id of the key, as it was written.
    #[must_use]
    pub fn key_id(&self) -> Option<&'a str> {
        self.value(SseHeader::KeyId)?.to_str().ok()
    }

    /// The project of that key.
    #[must_use]
    pub fn project(&self) -> Option<&'a str> {
        self.value(SseHeader::Project)?.to_str().ok()
    }

    /// Whether SM4 is asked for, or AES.
    #[must_use]
    pub fn sm4(&self) -> Option<bool> {
        Some(self.value(SseHeader::DataEncryption)? == "SM4")
    }

    /// Whether `bucket-key-enabled` is asked for.
    #[must_use]
    pub fn bucket_key(&self) -> Option<bool> {
        let value = self.value(SseHeader::BucketKey)?;
        Some(value.as_bytes().eq_ignore_ascii_case(b"true"))
    }

    /// Whether any header of a customer's key for the target is there.
    #[must_use]
    pub fn names_customer_key(&self) -> bool {
        let [algorithm, key, md5] = self.triple();
        algorithm.or(key).or(md5).is_some()
    }

    /// Whether encryption is named at all: a copy onto itself changes something then.
    #[must_use]
    pub fn chooses(&self) -> bool {
        self.value(SseHeader::Mode).is_some() || self.names_customer_key()
    }

    /// The client's own key for what the operation reads or writes.
    ///
    /// Errors: as S3 has them, in S3's order; a header that the operation does not carry.
    pub fn check(&self, operation: Operation) -> Result<Option<CustomerKey>, Error> {
        if operation == Operation::CreateBucket {
            return self.of_new_bucket().map(|_| None);
        }
        for header in SseHeader::ALL {
            if self.value(header).is_some() && !carries(operation, header) {
                return Err(self.unsupported(header));
            }
        }
        if !carries(operation, SseHeader::Mode) {
            return CustomerKey::parse(self.triple(), writes(operation));
        }
        if let Some(mode) = self
            .value(SseHeader::Mode)
            .filter(|_| self.names_customer_key())
        {
            let mode = String::from_utf8_lossy(mode.as_bytes()).into_owned();
            return Err(invalid(CONFLICT).with_detail("ArgumentValue", mode));
        }
        let key = CustomerKey::parse(self.triple(), true)?;
        self.check_choice()?;
        Ok(key)
    }

    /// The client's own key that opens a copy's source.
    pub fn source_key(&self) -> Result<Option<CustomerKey>, Error> {
        let triple = [
            SseHeader::SourceAlgorithm,
            SseHeader::SourceKey,
            SseHeader::SourceKeyMd5,
        ];
        CustomerKey::parse(triple.map(|header| self.value(header)), false)
    }

    /// The encryption context: the JSON, of which only that it is a map of texts is known.
    pub fn context(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(value) = self.value(SseHeader::Context) else {
            return Ok(None);
        };
        let json = STANDARD.decode(value.as_bytes()).ok();
        let json = json.filter(|json| json.len() <= CONTEXT_MAX && is_map_of_texts(json));
        json.map(Some).ok_or_else(|| invalid(BAD_CONTEXT))
    }

    /// What a new bucket is to be set to; only Huawei's dialect has headers for it.
    ///
    /// Errors: `InvalidArgument`, as for objects.
    pub fn of_new_bucket(&self) -> Result<Option<BucketEncryption>, Error> {
        for header in SseHeader::ALL {
            let carried = carries(Operation::CreateBucket, header) && self.dialect == Dialect::Obs;
            if self.value(header).is_some() && !carried {
                return Err(self.unsupported(header));
            }
        }
        let mode = match self.value(SseHeader::Mode).map(HeaderValue::as_bytes) {
            None => None,
            Some(b"obs") => Some(SseMode::Aes256),
            Some(b"kms") => Some(SseMode::Kms),
            Some(_) => return Err(invalid(UNKNOWN_MODE)),
        };
        let by_key = mode == Some(SseMode::Kms);
        if self.value(SseHeader::KeyId).is_some() && !by_key {
            return Err(invalid(NEEDS_KMS));
        }
        if self.value(SseHeader::Project).is_some() && self.key_id().is_none() {
            return Err(invalid(NEEDS_KMS));
        }
        if let Some(cipher) = self.value(SseHeader::DataEncryption) {
            let fits = cipher == "AES256" && mode.is_some() || cipher == "SM4" && by_key;
            if !fits {
                return Err(invalid(UNKNOWN_CIPHER));
            }
        }
        Ok(mode.map(|mode| BucketEncryption {
            key_id: self.key_id().map(str::to_owned),
            project: self.project().map(str::to_owned),
            sm4: self.sm4() == Some(true),
            ..BucketEncryption::of(mode)
        }))
    }

    fn mode(&self) -> Result<Option<SseMode>, Error> {
        let Some(value) = self.value(SseHeader::Mode) else {
            return Ok(None);
        };
        let mode = match (self.dialect, value.as_bytes()) {
            // Huawei's SDKs put `aws:` before every value when they sign as for Amazon.
            (_, b"AES256") | (Dialect::S3, b"aws:AES256") => SseMode::Aes256,
            (Dialect::S3, b"aws:kms") | (Dialect::Obs, b"kms") => SseMode::Kms,
            (Dialect::S3, b"aws:kms:dsse") => SseMode::Dsse,
            _ => {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                let error = Error::new(ErrorCode::InvalidArgument).with_message(UNKNOWN_MODE);
                return Err(named(error).with_detail("ArgumentValue", value));
            }
        };
        Ok(Some(mode))
    }

    fn check_choice(&self) -> Result<(), Error> {
        let mode = self.mode()?;
        let by_key = matches!(mode, Some(SseMode::Kms | SseMode::Dsse));
        let of_keys = [SseHeader::KeyId, SseHeader::Context];
        if !by_key && of_keys.iter().any(|header| self.value(*header).is_some()) {
            return Err(invalid(NEEDS_KMS));
        }
        if self.value(SseHeader::KeyId).is_some() && self.key_id().is_none_or(str::is_empty) {
            return Err(invalid(NEEDS_KMS));
        }
        if let Some(cipher) = self.value(SseHeader::DataEncryption) {
            let fits = cipher == "AES256" && mode.is_some() || cipher == "SM4" && by_key;
            if !fits {
                return Err(invalid(UNKNOWN_CIPHER));
            }
        }
        if let Some(value) = self.value(SseHeader::BucketKey) {
            let value = value.as_bytes();
            let known = [b"true".as_slice(), b"false"];
            if !known.iter().any(|known| value.eq_ignore_ascii_case(known)) {
                return Err(invalid(UNKNOWN_BUCKET_KEY));
            }
        }
        self.context().map(drop)
    }

    fn unsupported(&self, header: SseHeader) -> Error {
        let name = header.name(self.dialect).unwrap_or_default();
        let message = format!("{name} header is not supported for this operation.");
        Error::new(ErrorCode::InvalidArgument)
            .with_message(message)
            .with_detail("ArgumentName", name)
    }

    fn triple(&self) -> [Option<&'a HeaderValue>; 3] {
        let triple = [
            SseHeader::CustomerAlgorithm,
            SseHeader::CustomerKey,
            SseHeader::CustomerKeyMd5,
        ];
        triple.map(|header| self.value(header))
    }

    pub(crate) fn value(&self, header: SseHeader) -> Option<&'a HeaderValue> {
        let mut values = SseHeader::ALL.into_iter().zip(self.values);
        values.find(|(one, _)| *one == header)?.1
    }

    /// The same without what names another encryption than the client's own key: Ceph ignores that
    /// where Amazon refuses it.
    #[must_use]
    pub fn of_customer_only(mut self) -> Self {
        for (header, value) in SseHeader::ALL.into_iter().zip(&mut self.values) {
            if carries(Operation::CreateMultipartUpload, header)
                && !carries(Operation::UploadPart, header)
            {
                *value = None;
            }
        }
        self
    }
}

/// Whether a key that comes with it encrypts new data.
fn writes(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::UploadPart | Operation::UploadPartCopy | Operation::CompleteMultipartUpload
    )
}

fn is_map_of_texts(json: &[u8]) -> bool {
    serde_json::from_slice::<std::collections::BTreeMap<String, String>>(json).is_ok()
}

fn ambiguous_header(name: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument)
        .with_message("Server side encryption must be said once, and in one dialect.")
        .with_detail("ArgumentName", name)
}

const CONFLICT: &str = "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
const NEEDS_KMS: &str = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
const UNKNOWN_MODE: &str = "The encryption method specified is not supported";
const UNKNOWN_CIPHER: &str = "The data encryption algorithm specified is not supported";
const UNKNOWN_BUCKET_KEY: &str = "The value of bucket-key-enabled must be true or false.";
const BAD_CONTEXT: &str = "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map";
