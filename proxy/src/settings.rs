//! What buckets have been set to: with `?encryption`, and by policies that test how clients ask for
//! encryption. It is kept in records, and known
//! here without asking: a gateway that is told of a change knows it at once, all others within
//! seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use policy::Algorithm;
use policy::Setting;
use policy::Sse;
use s3::BucketPolicy;
use s3::SseMode;
use s3::xml::encryption::BucketEncryption;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::assemble::Snapshot;
use crate::error::Error;
use crate::error::Result;
use crate::reload::Current;
use crate::state::Desk;

/// How often other gateways' changes are looked for: a change is known everywhere within 5 s.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of all buckets. It outlives a reload.
pub struct Settings {
    /// How they encrypt what nobody says anything of.
    pub encryption: Kept<BucketEncryption>,
    /// Their policies, where these test how clients ask for encryption.
    pub policies: Kept<Policy>,
}

/// A bucket's policy, of which the backend has a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// As the client wrote it.
    pub document: String,
    /// What it says.
    pub parsed: BucketPolicy,
}

/// One kind of setting, a record for each bucket that has one.
pub struct Kept<T> {
    /// Names of records begin so; the bucket's name follows.
    prefix: &'static str,
    parse: fn(&[u8], &str) -> Option<T>,
    known: RwLock<Option<BTreeMap<String, Known<T>>>>,
    changing: Mutex<()>,
}

struct Known<T> {
    /// Of the record; empty when it was written here.
    etag: String,
    /// None: the record does not open.
    setting: Option<Arc<T>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            encryption: Kept::new("encryption/", parse_encryption),
            policies: Kept::new("policy/", parse_policy),
        }
    }
}

impl Settings {
    /// Learns what has changed.
    pub async fn refresh(&self, desk: Desk<'_>) -> Result<()> {
        self.encryption.refresh(desk).await?;
        self.policies.refresh(desk).await
    }
}

impl<T> Kept<T> {
    fn new(prefix: &'static str, parse: fn(&[u8], &str) -> Option<T>) -> Self {
        Self {
            prefix,
            parse,
            known: RwLock::default(),
            changing: Mutex::default(),
        }
    }

    /// What `bucket` has been set to. What cannot be known is no leave to do without.
    pub async fn of(&self, desk: Desk<'_>, bucket: &str) -> Result<Option<Arc<T>>> {
        if let Some(known) = self.known(bucket) {
            return known;
        }
        self.refresh(desk).await?;
        self.known(bucket)
            .unwrap_or(Err(Error::Internal("settings after a refresh")))
    }

    /// Sets a bucket: `json` is the record of `to`.
    async fn set(&self, desk: Desk<'_>, bucket: &str, json: &[u8], to: T) -> Result<()> {
        let _one = self.changing.lock().await;
        desk.write(&self.name(bucket), json, false).await?;
        let known = Known {
            etag: String::new(),
            setting: Some(Arc::new(to)),
        };
        if let Some(all) = self.write().as_mut() {
            all.insert(bucket.to_owned(), known);
        }
        Ok(())
    }

    /// A bucket is set to nothing.
    pub async fn clear(&self, desk: Desk<'_>, bucket: &str) -> Result<()> {
        let _one = self.changing.lock().await;
        desk.remove(&self.name(bucket)).await?;
        if let Some(all) = self.write().as_mut() {
            all.remove(bucket);
        }
        Ok(())
    }

    async fn refresh(&self, desk: Desk<'_>) -> Result<()> {
        let _one = self.changing.lock().await;
        let mut next = BTreeMap::new();
        for record in desk.records(self.prefix).await? {
            let Some(bucket) = record.key.strip_prefix(self.prefix) else {
                continue;
            };
            let same = self.setting_of(bucket, &record.etag);
            let setting = match same {
                Some(setting) => Some(setting),
                None => match self.read(desk, bucket).await? {
                    Read::Set(setting) => Some(Arc::new(setting)),
                    Read::Unreadable => None,
                    Read::Gone => continue,
                },
            };
            let etag = record.etag;
            next.insert(bucket.to_owned(), Known { etag, setting });
        }
        *self.write() = Some(next);
        Ok(())
    }

    /// The record of a bucket. One that does not open is not the fault of all others.
    async fn read(&self, desk: Desk<'_>, bucket: &str) -> Result<Read<T>> {
        match desk.read(&self.name(bucket)).await {
            Ok(Some(json)) => Ok((self.parse)(&json, bucket).map_or(Read::Unreadable, Read::Set)),
            Ok(None) => Ok(Read::Gone),
            Err(Error::Unreachable(error)) => Err(Error::Unreachable(error)),
            Err(error) => {
                log::error!("what bucket {bucket} is set to cannot be read: {error}");
                Ok(Read::Unreadable)
            }
        }
    }

    fn setting_of(&self, bucket: &str, etag: &str) -> Option<Arc<T>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref()?.get(bucket)?;
        let same = !etag.is_empty() && known.etag == etag;
        known.setting.clone().filter(|_| same)
    }

    /// Nothing before anything was learnt. A record that does not open is no setting.
    fn known(&self, bucket: &str) -> Option<Result<Option<Arc<T>>>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(match known.as_ref()?.get(bucket) {
            None => Ok(None),
            Some(Known {
                setting: Some(setting),
                ..
            }) => Ok(Some(Arc::clone(setting))),
            Some(_) => Err(Error::Backend("what a bucket is set to cannot be read")),
        })
    }

    fn name(&self, bucket: &str) -> String {
        format!("{}{bucket}", self.prefix)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Option<BTreeMap<String, Known<T>>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of reading a record.
enum Read<T> {
    Set(T),
    Unreadable,
    Gone,
}

/// A record of how a bucket encrypts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncryptionRecord {
    v: u32,
    bucket: String,
    sse: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(default)]
    sm4: bool,
    #[serde(default)]
    bucket_key: bool,
    #[serde(default)]
    blocks_customer_keys: bool,
}

/// A record of a bucket's policy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyRecord {
    v: u32,
    bucket: String,
    document: String,
}

impl Kept<BucketEncryption> {
    /// Sets how a bucket encrypts.
    pub async fn put(&self, desk: Desk<'_>, bucket: &str, to: BucketEncryption) -> Result<()> {
        let record = EncryptionRecord {
            v: 1,
            bucket: bucket.to_owned(),
            sse: mode(to.mode).name().to_owned(),
            key: to.key_id.clone(),
            project: to.project.clone(),
            sm4: to.sm4,
            bucket_key: to.bucket_key,
            blocks_customer_keys: to.blocks_customer_keys,
        };
        let json = serde_json::to_vec(&record).map_err(|_| Error::Internal("setting"))?;
        self.set(desk, bucket, &json, to).await
    }
}

impl Kept<Policy> {
    /// Sets a bucket's policy.
    pub async fn put(&self, desk: Desk<'_>, bucket: &str, to: Policy) -> Result<()> {
        let record = PolicyRecord {
            v: 1,
            bucket: bucket.to_owned(),
            document: to.document.clone(),
        };
        let json = serde_json::to_vec(&record).map_err(|_| Error::Internal("policy"))?;
        self.set(desk, bucket, &json, to).await
    }
}

fn parse_encryption(json: &[u8], bucket: &str) -> Option<BucketEncryption> {
    let record: EncryptionRecord = serde_json::from_slice(json).ok()?;
    let mode = match Sse::from_name(&record.sse)? {
        Sse::Aes256 => SseMode::Aes256,
        Sse::Kms => SseMode::Kms,
        Sse::Dsse => SseMode::Dsse,
        Sse::Customer => return None,
    };
    let own = record.v == 1 && record.bucket == bucket;
    own.then_some(BucketEncryption {
        mode,
        key_id: record.key,
        project: record.project,
        sm4: record.sm4,
        bucket_key: record.bucket_key,
        blocks_customer_keys: record.blocks_customer_keys,
    })
}

fn parse_policy(json: &[u8], bucket: &str) -> Option<Policy> {
    let record: PolicyRecord = serde_json::from_slice(json).ok()?;
    let own = record.v == 1 && record.bucket == bucket;
    let parsed = BucketPolicy::parse(record.document.as_bytes()).ok()?;
    own.then_some(Policy {
        document: record.document,
        parsed,
    })
}

/// In the policy's words.
#[must_use]
pub fn setting(of: &BucketEncryption) -> Setting {
    Setting {
        sse: mode(of.mode),
        key_id: of.key_id.clone(),
        project: of.project.clone(),
        algorithm: of.sm4.then_some(Algorithm::Sm4),
        bucket_key: of.bucket_key,
        blocks_customer_keys: of.blocks_customer_keys,
    }
}

const fn mode(mode: SseMode) -> Sse {
    match mode {
        SseMode::Aes256 => Sse::Aes256,
        SseMode::Kms => Sse::Kms,
        SseMode::Dsse => Sse::Dsse,
        SseMode::Customer => Sse::Customer,
    }
}

/// Learns from time to time, where there is a bucket of records.
pub struct Learner {
    current: Arc<Current>,
}

impl Learner {
    /// Learns under what is in force.
    #[must_use]
    pub fn new(current: Arc<Current>) -> Self {
        Self { current }
    }

    async fn learn(&self) {
        let mut failing = false;
        loop {
            let snapshot = self.current.get();
            if let Some(desk) = desk(&snapshot) {
                let learnt = snapshot.settings.refresh(desk).await;
                if let (Err(error), false) = (&learnt, failing) {
                    log::error!("what buckets are set to is not known anew: {error}");
                }
                failing = learnt.is_err();
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

#[async_trait]
impl BackgroundService for Learner {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            _ = shutdown.changed() => {}
            () = self.learn() => {}
        }
    }
}

/// Where records are, if anywhere.
#[must_use]
pub fn desk(snapshot: &Snapshot) -> Option<Desk<'_>> {
    Some(Desk {
        state: snapshot.state.as_ref()?,
        backend: &snapshot.backend,
        keys: &snapshot.keys,
    })
}
