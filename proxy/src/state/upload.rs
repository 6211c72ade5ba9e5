//! Records of unfinished multipart uploads, and the short parts that wait in them (FORMAT.md §9).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::ClosingKey;
use crypto::Digests;
use crypto::Envelope;
use crypto::EnvelopeText;
use crypto::UnverifiedEnvelope;
use crypto::upload_record_id;
use s3::ChecksumAlgorithm;
use s3::ChecksumType;
use s3::PartsChecksum;
use serde::Deserialize;
use serde::Serialize;
use zeroize::Zeroize;
use zeroize::Zeroizing;

use super::Desk;
use super::Writing;
use super::seen::Seen;
use crate::error::Error;
use crate::error::Result;
use crate::kms::Keys;
use crate::plan::Place;
use crate::seal;

/// An upload that was begun and not ended.
pub struct Unfinished {
    /// What the object's seal is bound to.
    pub place: Place,
    /// The object's envelope, as its metadata will have it.
    pub envelope: EnvelopeText,
    /// Closes it: seals the list of its parts.
    pub closing: ClosingKey,
    /// Parts shorter than this wait until the upload is completed, plaintext bytes.
    pub min: u64,
    /// The checksum that it was begun with.
    pub checksum: Option<PartsChecksum>,
}

/// Uploads that are known here; the records are what counts.
#[derive(Default)]
pub struct Uploads {
    known: Mutex<HashMap<String, Arc<Unfinished>>>,
    seen: Seen,
}

/// How many uploads are remembered; about 2 KiB each.
const KNOWN_MAX: usize = 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    bucket: String,
    object: String,
    upload: String,
    sealgate: String,
    #[serde(rename = "sealgate-mac")]
    mac: String,
    closing: String,
    min: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    time: String,
    caller: String,
}

impl Record {
    /// The checksum that the upload was begun with.
    fn checksum(&self) -> Result<Option<PartsChecksum>> {
        let (Some(algorithm), Some(kind)) = (&self.alg, &self.kind) else {
            return Ok(None);
        };
        let algorithm = ChecksumAlgorithm::from_name(algorithm);
        let known = algorithm.zip(ChecksumType::from_name(kind));
        let (algorithm, kind) = known.ok_or(Error::Backend("record of an upload"))?;
        Ok(Some(PartsChecksum { algorithm, kind }))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.closing.zeroize();
    }
}

impl Unfinished {
    /// The envelope, verified with the key that it names.
    pub fn open(&self, keys: &Keys) -> Result<Envelope> {
        let envelope = UnverifiedEnvelope::parse(&self.envelope.json, &self.envelope.mac)?;
        seal::verify(envelope, &self.place, keys)
    }
}

impl Uploads {
    /// Writes the record of a new upload.
    pub async fn begin(
        &self,
        desk: Desk<'_>,
        upload: &str,
        unfinished: Unfinished,
        caller: &str,
    ) -> Result<()> {
        let Place { bucket, object } = &unfinished.place;
        let checksum = unfinished.checksum;
        let now = time::OffsetDateTime::now_utc();
        let record = Record {
            v: 1,
            bucket: bucket.clone(),
            object: object.clone(),
            upload: upload.to_owned(),
            sealgate: unfinished.envelope.json.clone(),
            mac: unfinished.envelope.mac.clone(),
            closing: URL_SAFE_NO_PAD.encode(unfinished.closing.expose()),
            min: unfinished.min,
            alg: checksum.map(|checksum| checksum.algorithm.name().to_owned()),
            kind: checksum.map(|checksum| checksum.kind.name().to_owned()),
            time: now
                .format(&time::format_description::well_known::Rfc3339)
                .map_err(|_| Error::Internal("time of a record"))?,
            caller: caller.to_owned(),
        };
        let json = serde_json::to_vec(&record).map_err(|_| Error::Internal("record"))?;
        let json = Zeroizing::new(json);
        let id = id(&unfinished.place, upload);
        desk.write(&format!("uploads/{id}"), &json, true).await?;
        self.remember(id, Arc::new(unfinished));
        Ok(())
    }

    /// The upload; nothing when it is not known, or not for this object.
    pub async fn find(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Option<Arc<Unfinished>>> {
        let id = id(place, upload);
        if let Some(known) = self.lock().get(&id) {
            return Ok(Some(Arc::clone(known)));
        }
        self.read(desk, place, upload).await
    }

    /// The same from the record itself: another gateway may have ended the upload.
    pub async fn read(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Option<Arc<Unfinished>>> {
        let id = id(place, upload);
        let Some(json) = desk.read(&format!("uploads/{id}")).await? else {
            self.lock().remove(&id);
            self.seen.forget(&id);
            return Ok(None);
        };
        let unfit = || Error::Backend("record of an upload");
        let record: Record = serde_json::from_slice(&json).map_err(|_| unfit())?;
        let same = record.v == 1
            && record.bucket == place.bucket
            && record.object == place.object
            && record.upload == upload;
        let closing = URL_SAFE_NO_PAD.decode(&record.closing).ok();
        let closing = closing.map(Zeroizing::new).filter(|_| same);
        let closing: [u8; 32] = closing
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .ok_or_else(unfit)?;
        let checksum = record.checksum()?;
        let unfinished = Arc::new(Unfinished {
            place: place.clone(),
            envelope: EnvelopeText {
                json: record.sealgate.clone(),
                mac: record.mac.clone(),
            },
            closing: ClosingKey::new(closing),
            min: record.min,
            checksum,
        });
        self.remember(id, Arc::clone(&unfinished));
        Ok(Some(unfinished))
    }

    /// Remembers what is known of a part, under the `ETag` that the client is told.
    pub fn saw(&self, (place, upload): (&Place, &str), (number, etag): (u32, &str), part: Digests) {
        self.seen.note(&id(place, upload), number, etag, part);
    }

    /// What this process saw of a part.
    pub fn seen(
        &self,
        (place, upload): (&Place, &str),
        (number, etag): (u32, &str),
    ) -> Option<Digests> {
        self.seen.get(&id(place, upload), number, etag)
    }

    /// Removes the record of an upload that was given up, and what waits in it.
    pub async fn forget(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<()> {
        self.unpark(desk, place, upload).await?;
        let id = id(place, upload);
        self.lock().remove(&id);
        self.seen.forget(&id);
        desk.remove(&format!("uploads/{id}")).await
    }

    /// Lets a short part wait: its sealed segment, so many bytes.
    pub async fn park<'a>(
        &self,
        desk: &'a Desk<'a>,
        (place, upload): (&Place, &str),
        number: u32,
        segment_len: u64,
    ) -> Result<Writing<'a>> {
        let id = id(place, upload);
        let name = format!("parked/{id}/{number:05}");
        desk.begin(&name, segment_len).await
    }

    /// The sealed segment of a part that waits.
    pub async fn parked(
        &self,
        desk: Desk<'_>,
        (place, upload): (&Place, &str),
        number: u32,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let id = id(place, upload);
        desk.read(&format!("parked/{id}/{number:05}")).await
    }

    /// Numbers of the parts that wait.
    pub async fn waiting(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<Vec<u32>> {
        let prefix = format!("parked/{}/", id(place, upload));
        let names = desk.names(&prefix).await?;
        let numbers = names.iter().filter_map(|name| name.strip_prefix(&prefix));
        Ok(numbers.filter_map(|number| number.parse().ok()).collect())
    }

    /// Removes a part that waited and is in its object now.
    pub async fn used(
        &self,
        desk: Desk<'_>,
        (place, upload): (&Place, &str),
        number: u32,
    ) -> Result<()> {
        let id = id(place, upload);
        desk.remove(&format!("parked/{id}/{number:05}")).await
    }

    /// Removes the parts that wait.
    pub async fn unpark(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<()> {
        let id = id(place, upload);
        for number in self.waiting(desk, place, upload).await? {
            desk.remove(&format!("parked/{id}/{number:05}")).await?;
        }
        Ok(())
    }

    fn remember(&self, id: String, unfinished: Arc<Unfinished>) {
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(id, unfinished);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Unfinished>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(place: &Place, upload: &str) -> String {
    upload_record_id(&place.context(), upload)
}
