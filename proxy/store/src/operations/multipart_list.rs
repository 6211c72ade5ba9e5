//! `ListParts` and `ListMultipartUploads`.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::PoisonError;

use s3s::S3Request;
use s3s::S3Response;
use s3s::dto::ChecksumAlgorithm;
use s3s::dto::ChecksumType;
use s3s::dto::ETag;
use s3s::dto::Initiator;
use s3s::dto::ListMultipartUploadsInput;
use s3s::dto::ListMultipartUploadsOutput;
use s3s::dto::ListPartsInput;
use s3s::dto::ListPartsOutput;
use s3s::dto::MultipartUpload;
use s3s::dto::Part;
use s3s::dto::StorageClass;

use crate::checksums::show_checksums;
use crate::listing::Query;
use crate::listing::rolled_up;
use crate::operations::Answer;
use crate::operations::buckets::owner;
use crate::operations::list::Names;
use crate::operations::list::limit;
use crate::operations::multipart::find_upload;
use crate::record;
use crate::store::Store;
use crate::upload::Upload;
use crate::upload::Uploads;

pub(crate) fn list_parts(
    store: &Store,
    request: S3Request<ListPartsInput>,
) -> Answer<ListPartsOutput> {
    let input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    let upload = find_upload(&bucket, &input.key, &input.upload_id)?;
    let limit = limit(input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or_default();
    let parts = upload.parts();
    let mut rest = parts.range((Bound::Excluded(marker), Bound::Unbounded));
    let page: Vec<Part> = rest
        .by_ref()
        .take(limit)
        .map(|(_, part)| shown(part))
        .collect();
    let (algorithm, kind) = upload.record.checksum.clone().unzip();
    Ok(S3Response::new(ListPartsOutput {
        is_truncated: Some(limit > 0 && rest.next().is_some()),
        next_part_number_marker: page
            .last()
            .and_then(|part| part.part_number)
            .or(Some(marker)),
        part_number_marker: Some(marker),
        max_parts: i32::try_from(limit).ok(),
        parts: Some(page),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        owner: Some(owner()),
        initiator: Some(initiator()),
        storage_class: Some(StorageClass::from(upload.record.attributes.listed_class())),
        checksum_algorithm: algorithm.map(ChecksumAlgorithm::from),
        checksum_type: kind.map(ChecksumType::from),
        ..ListPartsOutput::default()
    }))
}

pub(crate) fn list_multipart_uploads(
    store: &Store,
    request: S3Request<ListMultipartUploadsInput>,
) -> Answer<ListMultipartUploadsOutput> {
    let input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    let names = Names::parse(input.encoding_type.as_ref())?;
    let limit = limit(input.max_uploads)?;
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let key_marker = input.key_marker.unwrap_or_default();
    let id_marker = input.upload_id_marker.unwrap_or_default();
    let query = Query {
        prefix: &prefix,
        delimiter: delimiter.as_deref(),
        after: Some(key_marker.as_str()).filter(|marker| !marker.is_empty()),
        limit,
    };
    let uploads = bucket
        .uploads
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let page = page(&uploads, query, &id_marker);
    let show = |upload: &Arc<Upload>| shown_upload(names, upload);
    Ok(S3Response::new(ListMultipartUploadsOutput {
        is_truncated: Some(page.next.is_some()),
        next_key_marker: page.next.as_ref().map(|(key, _)| names.show(key)),
        next_upload_id_marker: page.next.map(|(_, id)| id).filter(|id| !id.is_empty()),
        uploads: Some(page.uploads.iter().map(show).collect()),
        common_prefixes: Some(names.prefixes(&page.prefixes)),
        bucket: Some(input.bucket),
        prefix: Some(names.show(&prefix)),
        delimiter: delimiter.as_deref().map(|delimiter| names.show(delimiter)),
        key_marker: Some(names.show(&key_marker)),
        upload_id_marker: Some(id_marker),
        max_uploads: i32::try_from(limit).ok(),
        encoding_type: names.encoding_type(),
        ..ListMultipartUploadsOutput::default()
    }))
}

/// One page of uploads.
#[derive(Default)]
struct Page {
    uploads: Vec<Arc<Upload>>,
    prefixes: Vec<String>,
    /// Key (or common prefix) and upload id to go on after.
    next: Option<(String, String)>,
}

/// Uploads are few: this looks at all of them.
fn page(uploads: &Uploads, query: Query<'_>, id_marker: &str) -> Page {
    let mut page = Page::default();
    let mut last = (String::new(), String::new());
    for ((key, id), upload) in uploads {
        if !key.starts_with(query.prefix.as_bytes()) || !is_after(key, id, query, id_marker) {
            continue;
        }
        let common = rolled_up(key, query).map(|key| String::from_utf8_lossy(key).into_owned());
        if common.is_some() && page.prefixes.last() == common.as_ref() {
            continue;
        }
        if page.uploads.len() + page.prefixes.len() == query.limit {
            page.next = (query.limit > 0).then_some(last);
            return page;
        }
        if let Some(common) = common {
            page.prefixes.push(common.clone());
            last = (common, String::new());
        } else {
            page.uploads.push(Arc::clone(upload));
            last = (upload.record.key.clone(), id.clone());
        }
    }
    page
}

/// Whether an upload comes after the markers. The id counts among uploads of the marker's key.
fn is_after(key: &[u8], id: &str, query: Query<'_>, id_marker: &str) -> bool {
    let Some(after) = query.after.map(str::as_bytes) else {
        return true;
    };
    if key == after {
        return !id_marker.is_empty() && id > id_marker;
    }
    let common = rolled_up(key, query);
    key > after && (common.is_none() || common != rolled_up(after, query))
}

fn shown(part: &Arc<record::Part>) -> Part {
    let record = &part.record;
    let mut shown = Part {
        part_number: Some(record.number),
        e_tag: Some(ETag::Strong(record.etag.clone())),
        size: i64::try_from(record.segment.size).ok(),
        last_modified: Some(record.modified.into()),
        ..Part::default()
    };
    show_checksums!(shown, &record.checksums);
    shown
}

fn shown_upload(names: Names, upload: &Upload) -> MultipartUpload {
    let record = &upload.record;
    let (algorithm, kind) = record.checksum.clone().unzip();
    MultipartUpload {
        key: Some(names.show(&record.key)),
        upload_id: Some(upload.id.clone()),
        initiated: Some(record.initiated.into()),
        initiator: Some(initiator()),
        owner: Some(owner()),
        storage_class: Some(StorageClass::from(record.attributes.listed_class())),
        checksum_algorithm: algorithm.map(ChecksumAlgorithm::from),
        checksum_type: kind.map(ChecksumType::from),
    }
}

fn initiator() -> Initiator {
    let owner = owner();
    Initiator {
        display_name: owner.display_name,
        id: owner.id,
    }
}
