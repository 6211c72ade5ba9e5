//! From parts to an object: order, entity tag, checksum.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::Digest as _;
use md5::Md5;
use s3s::S3Result;
use s3s::dto::ChecksumAlgorithm;
use s3s::dto::ChecksumType;
use s3s::dto::CompletedPart;
use s3s::s3_error;

use crate::checksums::Checksums;
use crate::checksums::checksums_of;
use crate::disk;
use crate::record::NULL_VERSION;
use crate::record::Object;
use crate::record::ObjectRecord;
use crate::record::Part;
use crate::record::PartEntry;
use crate::record::Seconds;
use crate::upload::Parts;
use crate::upload::Upload;

/// The algorithm and type of an upload's checksum (AWS: "Checking object integrity").
///
/// Hashes cannot be combined into that of the whole, CRC64NVME is never composite.
pub(crate) fn checksum_plan(
    algorithm: Option<&str>,
    kind: Option<&str>,
) -> S3Result<Option<(String, String)>> {
    let Some(algorithm) = algorithm else {
        return Ok(None);
    };
    let is_hash = matches!(
        algorithm,
        ChecksumAlgorithm::SHA1 | ChecksumAlgorithm::SHA256
    );
    let is_full_only = algorithm == ChecksumAlgorithm::CRC64NVME;
    let default = if is_full_only {
        ChecksumType::FULL_OBJECT
    } else {
        ChecksumType::COMPOSITE
    };
    match kind.unwrap_or(default) {
        ChecksumType::FULL_OBJECT if is_hash => {}
        ChecksumType::COMPOSITE if is_full_only => {}
        kind => return Ok(Some((algorithm.to_owned(), kind.to_owned()))),
    }
    Err(s3_error!(
        InvalidRequest,
        "The checksum type cannot be used with the {algorithm} checksum algorithm"
    ))
}

/// The object that the listed parts of an upload make.
pub(crate) fn assemble(upload: &Upload, listed: &[CompletedPart]) -> S3Result<Object> {
    let parts = choose(&upload.parts(), listed)?;
    let (last, others) = parts
        .split_last()
        .ok_or_else(|| s3_error!(InvalidRequest, "You must specify at least one part"))?;
    let is_small = |part: &&Arc<Part>| part.record.segment.size < PART_BYTES_MIN;
    if others.iter().any(|part| is_small(&part)) {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    let entry = |part: &Arc<Part>| PartEntry {
        number: part.record.number,
        size: part.record.segment.size,
    };
    let size = others
        .iter()
        .chain([last])
        .map(|part| part.record.segment.size)
        .sum();
    let record = ObjectRecord {
        key: upload.record.key.clone(),
        version: NULL_VERSION.to_owned(),
        etag: etag(&parts),
        size,
        modified: Seconds::now(),
        attributes: upload.record.attributes.clone(),
        checksums: combine(upload.record.checksum.as_ref(), &parts),
        segments: parts
            .iter()
            .map(|part| part.record.segment.clone())
            .collect(),
        parts: parts.iter().map(entry).collect(),
    };
    let blobs = parts.iter().map(|part| Arc::clone(&part.blob)).collect();
    Ok(Object { record, blobs })
}

/// Holds the assembled object against what the request says of it.
pub(crate) fn prove(
    record: &ObjectRecord,
    size: Option<i64>,
    promised: &Checksums,
) -> S3Result<()> {
    let actual = i64::try_from(record.size).ok();
    if size.is_some() && size != actual {
        return Err(s3_error!(
            InvalidRequest,
            "The size of the object is not the one specified"
        ));
    }
    let mut actual = record.checksums.clone();
    for (name, value) in promised.named() {
        // A composite value may come without the `-N` that it is shown with.
        let slot = actual.slot(name).and_then(Option::as_mut);
        if let (Some(slot), Some(value)) = (slot, value)
            && !value.contains('-')
        {
            *slot = slot.split('-').next().unwrap_or_default().to_owned();
        }
    }
    match promised.differs(&actual) {
        Some(name) => Err(s3_error!(
            BadDigest,
            "The {name} you specified did not match"
        )),
        None => Ok(()),
    }
}

/// The listed parts, in ascending order and unchanged since the client heard their entity tags.
fn choose(parts: &Parts, listed: &[CompletedPart]) -> S3Result<Vec<Arc<Part>>> {
    let numbers: Vec<_> = listed.iter().map(|part| part.part_number).collect();
    if !numbers.is_sorted_by(|one, next| one < next) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order"
        ));
    }
    let choose = |listed: &CompletedPart| {
        let part = parts.get(&listed.part_number?)?;
        let is_same = listed.e_tag.as_ref()?.value() == part.record.etag
            && checksums_of!(listed)
                .differs(&part.record.checksums)
                .is_none();
        is_same.then(|| Arc::clone(part))
    };
    let chosen: Option<Vec<_>> = listed.iter().map(choose).collect();
    chosen.ok_or_else(|| {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part may not have been \
             uploaded, or the specified entity tag may not match the part's entity tag."
        )
    })
}

/// The MD5 of the parts' MD5s, and how many they are.
fn etag(parts: &[Arc<Part>]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(disk::unhex(&part.record.etag).unwrap_or_default());
    }
    format!("{}-{}", disk::hex(&md5.finalize()), parts.len())
}

/// The checksum of the whole as planned; none if a part lacks its own.
fn combine(plan: Option<&(String, String)>, parts: &[Arc<Part>]) -> Checksums {
    let mut checksums = Checksums::default();
    let Some((algorithm, kind)) = plan else {
        return checksums;
    };
    let value = if kind == ChecksumType::FULL_OBJECT {
        full_object(algorithm, parts)
    } else {
        composite(algorithm, parts)
    };
    if let (Some(slot), Some(value)) = (checksums.slot(algorithm), value) {
        *slot = Some(value);
        checksums.kind = Some(kind.clone());
    }
    checksums
}

/// The checksum of the parts' checksums.
fn composite(algorithm: &str, parts: &[Arc<Part>]) -> Option<String> {
    let mut hasher = Checksums::default().hasher(Some(algorithm));
    for part in parts {
        hasher.update(&part_checksum(algorithm, part)?);
    }
    let mut checksums = Checksums::from(hasher.finalize());
    let value = checksums.slot(algorithm)?.take()?;
    Some(format!("{value}-{}", parts.len()))
}

/// The CRC of the whole, computed from those of the parts.
fn full_object(algorithm: &str, parts: &[Arc<Part>]) -> Option<String> {
    let (crc, width) = match algorithm {
        ChecksumAlgorithm::CRC32 => (CrcAlgorithm::Crc32IsoHdlc, 4),
        ChecksumAlgorithm::CRC32C => (CrcAlgorithm::Crc32Iscsi, 4),
        ChecksumAlgorithm::CRC64NVME => (CrcAlgorithm::Crc64Nvme, 8),
        _ => return None,
    };
    let mut whole = None;
    for part in parts {
        let value = part_checksum(algorithm, part)?;
        let value = value
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        whole = Some(match whole {
            None => value,
            Some(before) => {
                crc_fast::checksum_combine(crc, before, value, part.record.segment.size)
            }
        });
    }
    let bytes = whole?.to_be_bytes();
    Some(BASE64.encode(bytes.get(bytes.len() - width..)?))
}

fn part_checksum(algorithm: &str, part: &Part) -> Option<Vec<u8>> {
    let mut checksums = part.record.checksums.clone();
    BASE64.decode(checksums.slot(algorithm)?.take()?).ok()
}

/// Of every part but the last (AWS: "Amazon S3 multipart upload limits").
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
