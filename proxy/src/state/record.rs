//! The record of an upload as it is written (FORMAT.md §9), and how records are named.

use s3::ChecksumAlgorithm;
use s3::ChecksumType;
use s3::PartsChecksum;
use serde::Deserialize;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::error::Result;
use crate::plan::Place;

/// Where the names of uploads' records begin.
pub(super) const UPLOADS: &str = "uploads/";
/// Where the names of parts that wait begin.
pub(super) const PARKED: &str = "parked/";

/// The record's JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub v: u32,
    pub bucket: String,
    /// What the backend calls the bucket, where that is another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    pub object: String,
    pub upload: String,
    pub sealgate: String,
    #[serde(rename = "sealgate-mac")]
    pub mac: String,
    pub closing: String,
    pub min: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub time: String,
    pub caller: String,
}

impl Record {
    /// Reads the JSON.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let record: Self = serde_json::from_slice(json).map_err(|_| unfit())?;
        Some(record)
            .filter(|record| record.v == 1)
            .ok_or_else(unfit)
    }

    /// Writes the JSON.
    pub fn render(&self) -> Result<Zeroizing<Vec<u8>>> {
        let json = serde_json::to_vec(self).map_err(|_| Error::Internal("record"))?;
        Ok(Zeroizing::new(json))
    }

    /// Whether it is of this upload.
    pub fn is_of(&self, place: &Place, upload: &str) -> bool {
        self.bucket == place.bucket && self.object == place.object && self.upload == upload
    }

    /// The bucket that the backend knows the upload in.
    pub fn at(&self) -> &str {
        self.at.as_deref().unwrap_or(&self.bucket)
    }

    /// When the upload was begun, or its end was last tried.
    pub fn time(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(&self.time, &Rfc3339).ok()
    }

    /// The checksum that the upload was begun with.
    pub fn checksum(&self) -> Result<Option<PartsChecksum>> {
        let (Some(algorithm), Some(kind)) = (&self.alg, &self.kind) else {
            return Ok(None);
        };
        let algorithm = ChecksumAlgorithm::from_name(algorithm);
        let known = algorithm.zip(ChecksumType::from_name(kind));
        let (algorithm, kind) = known.ok_or_else(unfit)?;
        Ok(Some(PartsChecksum { algorithm, kind }))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.closing.zeroize();
    }
}

/// The record is not what its name promises.
pub(super) fn unfit() -> Error {
    Error::Backend("record of an upload")
}

/// A record's time.
pub(super) fn time(time: OffsetDateTime) -> Result<String> {
    time.format(&Rfc3339)
        .map_err(|_| Error::Internal("time of a record"))
}

/// Where the record of the upload `id` is.
pub(super) fn name(id: &str) -> String {
    format!("{UPLOADS}{id}")
}

/// Where the names of the parts of the upload `id` begin that wait.
pub(super) fn waiting(id: &str) -> String {
    format!("{PARKED}{id}/")
}

/// Where a part of the upload `id` waits.
pub(super) fn parked(id: &str, number: u32) -> String {
    format!("{PARKED}{id}/{number:05}")
}

/// The upload of a part that waits.
pub(super) fn upload_of(parked: &str) -> Option<&str> {
    let (id, number) = parked.strip_prefix(PARKED)?.split_once('/')?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = id.len() == 64 && id.bytes().all(hex) && number.len() == 5;
    (fits && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const JSON: &str = r#"{"v":1,"bucket":"b","object":"o","upload":"u","sealgate":"{}",
        "sealgate-mac":"m","closing":"c","min":5,"time":"2026-01-02T03:04:05Z","caller":"me"}"#;

    #[test]
    fn the_backends_bucket_is_the_clients_unless_it_is_said() {
        let record = Record::parse(JSON.as_bytes()).unwrap();
        assert_eq!(record.at(), "b");
        assert_eq!(record.time().unwrap().unix_timestamp(), 1_767_323_045);
        let json = String::from_utf8(record.render().unwrap().to_vec()).unwrap();
        assert!(!json.contains("\"at\""), "{json}");
        let other = JSON.replace("\"object\"", "\"at\":\"x\",\"object\"");
        let other = Record::parse(other.as_bytes()).unwrap();
        assert_eq!((other.at(), other.bucket.as_str()), ("x", "b"));
    }

    #[test]
    fn other_records_are_refused() {
        for (old, new) in [
            ("\"v\":1", "\"v\":2"),
            ("\"min\":5", "\"min\":-5"),
            ("\"min\":5,", ""),
            ("\"v\":1", "\"v\":1,\"more\":1"),
        ] {
            assert!(Record::parse(JSON.replace(old, new).as_bytes()).is_err());
        }
    }

    #[test]
    fn a_parts_name_says_whose_it_is() {
        let id = "0123456789abcdef".repeat(4);
        assert_eq!(upload_of(&parked(&id, 7)), Some(id.as_str()));
        for other in ["", "x", "/", "parked/", "parked/x/00001"] {
            assert_eq!(upload_of(other), None, "{other}");
        }
        assert_eq!(upload_of(&format!("parked/{id}/1")), None);
        assert_eq!(upload_of(&format!("parked/{id}/00001/")), None);
        assert_eq!(upload_of(&name(&id)), None);
    }
}
