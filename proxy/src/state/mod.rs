//! What the gateway itself keeps at the backend, in a bucket of its own that no client reaches:
//! records, each sealed like an object (FORMAT.md §9).

mod listing;
mod record;
mod seen;
mod sweep;
mod upload;

use bytes::Bytes;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Sealer;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use policy::Algorithm;
use policy::Encryption;
use policy::EtagStyle;
use policy::KeyName;
use policy::Sse;
use s3::BucketName;
use s3::Claims;
use s3::ObjectName;
use s3::Target;
use zeroize::Zeroizing;

pub use sweep::SWEPT_AFTER;
pub use sweep::Swept;
pub use upload::KEY_NEEDED;
pub use upload::Unfinished;
pub use upload::Uploads;

use crate::backend::Answer;
use crate::backend::Backend;
use crate::backend::Sending;
use crate::error::Error;
use crate::error::Result;
use crate::kms::Keys;
use crate::plan::Cipher;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::SealOrder;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::seal;
use crate::seal::Ring;
use crate::transform::Pieces;

/// The logical bucket of records: they are readable wherever their bucket is called otherwise.
const LOGICAL_BUCKET: &str = "sealgate-state";

/// The largest record: a parked part of 60 MiB and what its seal adds.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// An error document.
const ERROR_BYTES_MAX: usize = 64 << 10;

const UNWRITTEN: Error = Error::Backend("state cannot be written");

/// The bucket of records.
#[derive(PartialEq, Eq)]
pub struct State {
    bucket: BucketName,
    key: KeyName,
}

/// Where and with what records are read and written.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The bucket.
    pub state: &'a State,
    /// Where it is.
    pub backend: &'a Backend,
    /// What seals.
    pub keys: &'a Keys,
}

impl State {
    /// The configured bucket.
    pub fn new(state: config::State) -> Result<Self, s3::Error> {
        Ok(Self {
            bucket: BucketName::parse(&state.bucket)?,
            key: state.key,
        })
    }

    /// The bucket's name at the backend.
    #[must_use]
    pub fn bucket(&self) -> &BucketName {
        &self.bucket
    }

    /// Whether clients speak of the gateway's own bucket, or of one that its records would open in.
    #[must_use]
    pub fn is(&self, bucket: &str) -> bool {
        self.bucket.as_str() == bucket || bucket == LOGICAL_BUCKET
    }
}

impl Desk<'_> {
    /// Writes a record; makes the bucket when it is not there. `new`: refuses to replace one where
    /// the backend knows how.
    pub async fn write(&self, name: &str, plain: &[u8], new: bool) -> Result<()> {
        let (mut outgoing, body) = self.sealed(name, plain)?;
        if new {
            let any = HeaderValue::from_static("*");
            outgoing.headers.insert(header::IF_NONE_MATCH, any);
        }
        let mut answer = self.ask(&outgoing, &body, 0).await?;
        if answer.status == StatusCode::NOT_FOUND {
            self.make_bucket().await?;
            answer = self.ask(&outgoing, &body, 0).await?;
        }
        if answer.status.is_success() {
            return Ok(());
        }
        Err(UNWRITTEN)
    }

    /// Begins a record of `plain_len` bytes that comes in pieces. Its bucket must be there.
    pub async fn begin(&self, name: &str, plain_len: u64) -> Result<Writing<'_>> {
        let (mut outgoing, sealer) = self.enveloped(name, plain_len)?;
        let sealed_len = HeaderValue::from(sealer.sealed_len().0);
        outgoing.headers.insert(header::CONTENT_LENGTH, sealed_len);
        let sending = self.backend.begin(&outgoing).await?;
        Ok(Writing { sending, sealer })
    }

    /// Reads a record; nothing when it is not there.
    pub async fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let outgoing = Outgoing::new(Method::GET, &self.target(name)?);
        let answer = self.ask(&outgoing, &Bytes::new(), RECORD_BYTES_MAX).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(Error::Backend("state cannot be read"));
        }
        let Found::Sealed(envelope) = reply::find(&answer.headers)? else {
            return Err(crypto::Error::NotSealed.into());
        };
        let envelope = seal::verify(*envelope, &place(name), Ring::of(self.keys))?;
        let mut plain = Zeroizing::new(Vec::with_capacity(answer.body.len()));
        let mut opener = Opener::of(&envelope)?;
        opener.push(&answer.body, &mut |piece| plain.extend(piece))?;
        opener.finish(&mut |piece| plain.extend(piece))?;
        Ok(Some(plain))
    }

    /// Removes a record, whether or not it is there.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let outgoing = Outgoing::new(Method::DELETE, &self.target(name)?);
        let answer = self.ask(&outgoing, &Bytes::new(), 0).await?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(Error::Backend("state cannot be removed"))
    }

    /// Whether there is such a record.
    pub(super) async fn holds(&self, name: &str) -> Result<bool> {
        let outgoing = Outgoing::new(Method::HEAD, &self.target(name)?);
        let answer = self.ask(&outgoing, &Bytes::new(), 0).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        if answer.status.is_success() {
            return Ok(true);
        }
        Err(Error::Backend("state cannot be read"))
    }

    async fn ask(&self, outgoing: &Outgoing, body: &Bytes, limit: usize) -> Result<Answer> {
        // An error document may be longer than nothing.
        let limit = limit.max(ERROR_BYTES_MAX);
        self.backend.ask(outgoing, body, limit).await
    }

    async fn make_bucket(&self) -> Result<()> {
        let bucket = Target::Bucket(self.state.bucket.clone());
        let mut outgoing = Outgoing::new(Method::PUT, &bucket);
        let none = HeaderValue::from(0);
        outgoing.headers.insert(header::CONTENT_LENGTH, none);
        let answer = self.ask(&outgoing, &Bytes::new(), 0).await?;
        if answer.status.is_success() || answer.status == StatusCode::CONFLICT {
            return Ok(());
        }
        Err(Error::Backend("state bucket cannot be made"))
    }

    fn sealed(&self, name: &str, plain: &[u8]) -> Result<(Outgoing, Bytes)> {
        let (outgoing, mut sealer) = self.enveloped(name, plain.len() as u64)?;
        let mut body = Pieces::default();
        sealer.push(plain, &mut |piece| body.push(piece))?;
        let none = crypto::Digests::default();
        sealer.finish(&none, &mut |piece| body.push(piece))?;
        Ok((outgoing, body.join()))
    }

    /// The head of a new record, and what seals its body.
    fn enveloped(&self, name: &str, plain_len: u64) -> Result<(Outgoing, Sealer)> {
        let plain_len = PlainLen(plain_len);
        let sealed_len = crypto::whole_sealed_len(plain_len);
        let order = SealOrder {
            place: place(name),
            cipher: Cipher {
                encryption: Encryption {
                    sse: Sse::Aes256,
                    key: Some(self.state.key.clone()),
                    algorithm: Algorithm::Aes256,
                    key_id: None,
                    project: None,
                    bucket_key: false,
                },
                context: None,
            },
            plain_len,
            sealed_len: sealed_len.ok_or(Error::Internal("length of a record"))?,
            etag: EtagStyle::Opaque,
        };
        let attempt = seal::attempt(&order, &Claims::default(), Ring::of(self.keys))?;
        let mut outgoing = Outgoing::new(Method::PUT, &self.target(name)?);
        seal::enclose(&mut outgoing, &attempt.envelope)?;
        Ok((outgoing, attempt.sealer))
    }

    fn target(&self, name: &str) -> Result<Target> {
        Ok(Target::Object(
            self.state.bucket.clone(),
            ObjectName::parse(name)?,
        ))
    }
}

/// A record on its way. Dropped before its end, it is never written.
pub struct Writing<'a> {
    sending: Sending<'a>,
    sealer: Sealer,
}

impl Writing<'_> {
    /// Takes a piece of the plaintext.
    pub async fn push(&mut self, plain: &[u8]) -> Result<()> {
        let mut out = Pieces::default();
        self.sealer.push(plain, &mut |piece| out.push(piece))?;
        if self.sending.write(&out.join()).await {
            return Ok(());
        }
        Err(UNWRITTEN)
    }

    /// All has been taken: the record is written.
    pub async fn finish(self) -> Result<()> {
        let Self {
            mut sending,
            sealer,
        } = self;
        let (none, mut out) = (crypto::Digests::default(), Pieces::default());
        sealer.finish(&none, &mut |piece| out.push(piece))?;
        if !sending.write(&out.join()).await {
            return Err(UNWRITTEN);
        }
        let answer = sending.finish(ERROR_BYTES_MAX).await?;
        answer.status.is_success().then_some(()).ok_or(UNWRITTEN)
    }
}

fn place(name: &str) -> Place {
    Place {
        bucket: LOGICAL_BUCKET.to_owned(),
        object: name.to_owned(),
    }
}

/// The envelope's two entries in `headers`, to the letter.
#[must_use]
pub fn entries(headers: &HeaderMap) -> Option<(&str, &str)> {
    use crate::plan::headers::ENVELOPE;
    use crate::plan::headers::ENVELOPE_MAC;
    let entry = |name| headers.get(name)?.to_str().ok();
    Some((entry(ENVELOPE)?, entry(ENVELOPE_MAC)?))
}

#[cfg(test)]
mod tests;
