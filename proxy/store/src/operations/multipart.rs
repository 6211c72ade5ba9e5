//! Multipart uploads: begin, part, complete, abort.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;

use hyper::HeaderMap;
use hyper::header::HOST;
use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::AbortMultipartUploadInput;
use s3s::dto::AbortMultipartUploadOutput;
use s3s::dto::ChecksumAlgorithm;
use s3s::dto::ChecksumType;
use s3s::dto::CompleteMultipartUploadInput;
use s3s::dto::CompleteMultipartUploadOutput;
use s3s::dto::CompletedPart;
use s3s::dto::CreateMultipartUploadInput;
use s3s::dto::CreateMultipartUploadOutput;
use s3s::dto::ETag;
use s3s::dto::UploadPartInput;
use s3s::dto::UploadPartOutput;
use s3s::s3_error;

use crate::assemble;
use crate::attributes::attributes_of;
use crate::blob::Written;
use crate::bucket::Bucket;
use crate::bucket::Turn;
use crate::bucket::failed;
use crate::checksums::checksums_of;
use crate::checksums::show_checksums;
use crate::condition::WriteCondition;
use crate::disk;
use crate::operations::Answer;
use crate::operations::put::permit_key;
use crate::receive::Promise;
use crate::receive::blocking;
use crate::receive::receive;
use crate::record::Object;
use crate::record::Part;
use crate::record::PartRecord;
use crate::record::Seconds;
use crate::record::Segment;
use crate::record::UploadRecord;
use crate::store::Store;
use crate::upload::Upload;

pub(crate) async fn create_multipart_upload(
    store: &Store,
    request: S3Request<CreateMultipartUploadInput>,
) -> Answer<CreateMultipartUploadOutput> {
    let S3Request { input, headers, .. } = request;
    let bucket = store.bucket(&input.bucket)?;
    permit_key(&input.key)?;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .map(ChecksumAlgorithm::as_str);
    let kind = input.checksum_type.as_ref().map(ChecksumType::as_str);
    let record = UploadRecord {
        key: input.key.clone(),
        initiated: Seconds::now(),
        attributes: attributes_of!(input, &headers),
        checksum: assemble::checksum_plan(algorithm, kind)?,
    };
    let checksum = record.checksum.clone();
    let id = disk::random_name().map_err(failed)?;
    let folder = bucket.uploads_folder().join(&id);
    let upload = Arc::new(Upload::new(&id, record, folder, BTreeMap::new()));
    blocking(move || begin(&bucket, upload)).await?;
    let (algorithm, kind) = checksum.unzip();
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: algorithm.map(ChecksumAlgorithm::from),
        checksum_type: kind.map(ChecksumType::from),
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(crate) async fn upload_part(
    store: &Store,
    request: S3Request<UploadPartInput>,
) -> Answer<UploadPartOutput> {
    let S3Request {
        mut input,
        headers,
        trailing_headers,
        ..
    } = request;
    let bucket = store.bucket(&input.bucket)?;
    permit_number(input.part_number)?;
    let upload = find_upload(&bucket, &input.key, &input.upload_id)?;
    let planned = upload
        .record
        .checksum
        .as_ref()
        .map(|(algorithm, _)| algorithm.clone());
    let named = input
        .checksum_algorithm
        .take()
        .map(|name| name.as_str().to_owned());
    let promise = Promise {
        size: Promise::announced(&headers, input.content_length),
        md5: input.content_md5.take(),
        checksums: checksums_of!(input),
        algorithm: planned.or(named),
        trailers: trailing_headers,
    };
    let written = receive(store.blobs(), input.body.take(), promise).await?;
    let part = put_part(bucket, upload, input.part_number, written).await?;
    let e_tag = Some(ETag::Strong(part.etag));
    let mut output = UploadPartOutput {
        e_tag,
        ..UploadPartOutput::default()
    };
    show_checksums!(output, &part.checksums);
    Ok(S3Response::new(output))
}

pub(crate) async fn complete_multipart_upload(
    store: &Store,
    request: S3Request<CompleteMultipartUploadInput>,
) -> Answer<CompleteMultipartUploadOutput> {
    let S3Request {
        mut input, headers, ..
    } = request;
    let bucket = store.bucket(&input.bucket)?;
    let upload = find_upload(&bucket, &input.key, &input.upload_id)?;
    let condition = WriteCondition::parse(input.if_match.take(), input.if_none_match.take())?;
    let promised = checksums_of!(input);
    let size = input.mpu_object_size;
    let listed = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let object = blocking(move || {
        let turn = bucket.turn()?;
        still_there(&bucket, &upload)?;
        condition.permit(bucket.object(&upload.record.key).as_deref())?;
        let object = assemble::assemble(&upload, &listed)?;
        assemble::prove(&object.record, size, &promised)?;
        finish(&turn, &bucket, &upload, &listed, object)
    });
    let record = &object.await?.record;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(location(&headers, &input.bucket, &record.key)),
        bucket: Some(input.bucket),
        key: Some(record.key.clone()),
        e_tag: Some(ETag::Strong(record.etag.clone())),
        checksum_type: record.checksums.kind.clone().map(ChecksumType::from),
        ..CompleteMultipartUploadOutput::default()
    };
    show_checksums!(output, &record.checksums);
    Ok(S3Response::new(output))
}

pub(crate) async fn abort_multipart_upload(
    store: &Store,
    request: S3Request<AbortMultipartUploadInput>,
) -> Answer<AbortMultipartUploadOutput> {
    let input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    let upload = find_upload(&bucket, &input.key, &input.upload_id)?;
    blocking(move || {
        let _turn = bucket.turn()?;
        still_there(&bucket, &upload)?;
        upload.remove()?;
        forget(&bucket, &upload);
        upload.release();
        Ok(())
    })
    .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

/// The upload of that id, if it is for that key.
pub(crate) fn find_upload(bucket: &Bucket, key: &str, id: &str) -> S3Result<Arc<Upload>> {
    let uploads = bucket
        .uploads
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let upload = uploads
        .get(&(key.as_bytes().to_vec(), id.to_owned()))
        .cloned();
    upload.ok_or_else(|| {
        s3_error!(
            NoSuchUpload,
            "The specified multipart upload does not exist"
        )
    })
}

/// Part numbers go from 1 to 10000.
pub(crate) fn permit_number(number: i32) -> S3Result<()> {
    if (1..=NUMBER_MAX).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(
        InvalidArgument,
        "Part number must be an integer between 1 and 10000, inclusive"
    ))
}

/// Records received content as a part.
pub(crate) async fn put_part(
    bucket: Arc<Bucket>,
    upload: Arc<Upload>,
    number: i32,
    written: Written,
) -> S3Result<PartRecord> {
    let record = PartRecord {
        number,
        etag: disk::hex(&written.md5),
        modified: Seconds::now(),
        checksums: written.checksums,
        segment: Segment {
            blob: written.blob.name().to_owned(),
            size: written.size,
        },
    };
    let part = Part {
        record: record.clone(),
        blob: Arc::new(written.blob),
    };
    blocking(move || {
        let _turn = bucket.turn()?;
        still_there(&bucket, &upload)?;
        upload.put(part)
    })
    .await?;
    Ok(record)
}

fn begin(bucket: &Bucket, upload: Arc<Upload>) -> S3Result<()> {
    let _turn = bucket.turn()?;
    upload.begin()?;
    let place = (upload.record.key.clone().into_bytes(), upload.id.clone());
    bucket
        .uploads
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(place, upload);
    Ok(())
}

/// Between finding an upload and getting the turn, another request may have ended it.
fn still_there(bucket: &Bucket, upload: &Upload) -> S3Result<()> {
    find_upload(bucket, &upload.record.key, &upload.id).map(drop)
}

/// Puts the object and ends the upload; parts that were not listed are let go.
fn finish(
    turn: &Turn<'_>,
    bucket: &Bucket,
    upload: &Upload,
    listed: &[CompletedPart],
    object: Object,
) -> S3Result<Arc<Object>> {
    let object = turn.put(object)?;
    // The object stands. What is left of the upload on disk goes at the next start.
    if let Err(error) = upload.remove() {
        log::warn!(
            "store: upload {} stays until the next start: {error}",
            upload.id
        );
    }
    forget(bucket, upload);
    let is_listed = |number: i32| listed.iter().any(|part| part.part_number == Some(number));
    for (_, part) in upload
        .parts()
        .iter()
        .filter(|(number, _)| !is_listed(**number))
    {
        part.blob.release();
    }
    Ok(object)
}

fn forget(bucket: &Bucket, upload: &Upload) {
    let place = (upload.record.key.clone().into_bytes(), upload.id.clone());
    bucket
        .uploads
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&place);
}

fn location(headers: &HeaderMap, bucket: &str, key: &str) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    format!(
        "http://{host}/{bucket}/{}",
        crate::listing::url_encoded(key)
    )
}

const NUMBER_MAX: i32 = 10_000;
