//! `CopyObject` and `UploadPartCopy`.

use std::ops::Range;
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::HeaderName;
use hyper::header::IF_MATCH;
use hyper::header::IF_NONE_MATCH;
use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto;
use s3s::dto::ChecksumType;
use s3s::dto::CopyObjectInput;
use s3s::dto::CopyObjectOutput;
use s3s::dto::CopyObjectResult;
use s3s::dto::CopyPartResult;
use s3s::dto::CopySource;
use s3s::dto::ETag;
use s3s::dto::ETagCondition;
use s3s::dto::MetadataDirective;
use s3s::dto::StreamingBlob;
use s3s::dto::TaggingDirective;
use s3s::dto::UploadPartCopyInput;
use s3s::dto::UploadPartCopyOutput;
use s3s::s3_error;

use crate::attributes::Attributes;
use crate::attributes::attributes_of;
use crate::blob::Written;
use crate::bucket::failed;
use crate::checksums::show_checksums;
use crate::condition::ReadCondition;
use crate::condition::WriteCondition;
use crate::disk;
use crate::download::Download;
use crate::operations::Answer;
use crate::operations::get::find;
use crate::operations::multipart::find_upload;
use crate::operations::multipart::permit_number;
use crate::operations::multipart::put_part;
use crate::operations::put::permit_key;
use crate::operations::put::whole;
use crate::receive::Promise;
use crate::receive::SIZE_MAX;
use crate::receive::blocking;
use crate::receive::receive;
use crate::record::Object;
use crate::store::Store;

/// The source object of either operation, if its conditions hold.
macro_rules! source_of {
    ($store:expr, $input:expr) => {{
        let condition = ReadCondition {
            matching: $input.copy_source_if_match.take(),
            none_matching: $input.copy_source_if_none_match.take(),
            modified_since: $input.copy_source_if_modified_since.take(),
            unmodified_since: $input.copy_source_if_unmodified_since.take(),
        };
        let CopySource::Bucket {
            bucket,
            key,
            version_id,
        } = &$input.copy_source
        else {
            return Err(s3_error!(NotImplemented, "This store has no access points"));
        };
        let version = version_id.as_deref().map(str::to_owned);
        let object = find($store, bucket, key, version.as_ref())?;
        condition.permit_copy(&object)?;
        (object, **bucket == *$input.bucket && **key == *$input.key)
    }};
}

pub(crate) async fn copy_object(
    store: &Store,
    request: S3Request<CopyObjectInput>,
) -> Answer<CopyObjectOutput> {
    let S3Request {
        mut input, headers, ..
    } = request;
    let bucket = store.bucket(&input.bucket)?;
    permit_key(&input.key)?;
    let (source, is_itself) = source_of!(store, input);
    if is_itself && !changes_something(&input) {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself \
             without changing the object's metadata, storage class, website redirect location \
             or encryption attributes."
        ));
    }
    // `s3s` does not parse these two here, but leaving out a condition would be worse than both.
    let condition = WriteCondition::parse(
        etag_condition(&headers, &IF_MATCH)?,
        etag_condition(&headers, &IF_NONE_MATCH)?,
    )?;
    condition.permit(bucket.object(&input.key).as_deref())?;
    let attributes = copied_attributes(&input, &headers, &source.record.attributes)?;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .map(|name| name.as_str().to_owned());
    let written = duplicate(store, source, algorithm).await?;
    let object = whole(input.key, attributes, written);
    let object = blocking(move || {
        let turn = bucket.turn()?;
        condition.permit(bucket.object(&object.record.key).as_deref())?;
        turn.put(object)
    });
    let copy_object_result = Some(copy_result(&*object.await?));
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result,
        ..CopyObjectOutput::default()
    }))
}

pub(crate) async fn upload_part_copy(
    store: &Store,
    request: S3Request<UploadPartCopyInput>,
) -> Answer<UploadPartCopyOutput> {
    let mut input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    permit_number(input.part_number)?;
    let upload = find_upload(&bucket, &input.key, &input.upload_id)?;
    let (source, _) = source_of!(store, input);
    let range = source_range(input.copy_source_range.as_deref(), source.record.size)?;
    let algorithm = upload
        .record
        .checksum
        .as_ref()
        .map(|(algorithm, _)| algorithm.clone());
    let written = transfer(store, source, range, algorithm).await?;
    let part = put_part(bucket, upload, input.part_number, written).await?;
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(part.etag)),
        last_modified: Some(part.modified.into()),
        ..CopyPartResult::default()
    };
    show_checksums!(result, &part.checksums);
    let copy_part_result = Some(result);
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result,
        ..Default::default()
    }))
}

/// What a copy onto itself must do to be allowed.
fn changes_something(input: &CopyObjectInput) -> bool {
    replaces_metadata(input)
        || input.storage_class.is_some()
        || input.website_redirect_location.is_some()
}

fn replaces_metadata(input: &CopyObjectInput) -> bool {
    let directive = input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str);
    directive == Some(MetadataDirective::REPLACE)
}

/// The storage class and the redirect are never copied (AWS API reference).
fn copied_attributes(
    input: &CopyObjectInput,
    headers: &HeaderMap,
    source: &Attributes,
) -> S3Result<Attributes> {
    let given = attributes_of!(input, headers);
    let directive = input
        .tagging_directive
        .as_ref()
        .map(TaggingDirective::as_str);
    let tagging = match directive {
        Some(TaggingDirective::REPLACE) => given.tagging.clone(),
        _ => source.tagging.clone(),
    };
    let base = if replaces_metadata(input) {
        given.clone()
    } else {
        source.clone()
    };
    let Attributes {
        redirect,
        storage_class,
        ..
    } = given;
    Ok(Attributes {
        redirect,
        storage_class,
        tagging,
        ..base
    })
}

/// A new blob with the content of `source`.
///
/// An object of one blob is linked and keeps its entity tag. Of a multipart object the content is
/// read, so that the copy has the MD5 of the whole as entity tag, as on AWS.
async fn duplicate(
    store: &Store,
    source: Arc<Object>,
    algorithm: Option<String>,
) -> S3Result<Written> {
    if source.record.size > SIZE_MAX.unsigned_abs() {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy \
             source: 5368709120"
        ));
    }
    let md5 = disk::unhex(&source.record.etag).and_then(|md5| <[u8; 16]>::try_from(md5).ok());
    let (Some(md5), [blob], None) = (md5, source.blobs.as_slice(), &algorithm) else {
        let range = 0..source.record.size;
        return transfer(store, source, range, algorithm).await;
    };
    let (blob, size) = (Arc::clone(blob), source.record.size);
    let checksums = source.record.checksums.clone();
    let blob = blocking(move || blob.duplicate().map_err(failed)).await?;
    Ok(Written {
        blob,
        size,
        md5,
        checksums,
    })
}

/// A new blob with a range of the content of `source`.
async fn transfer(
    store: &Store,
    source: Arc<Object>,
    range: Range<u64>,
    algorithm: Option<String>,
) -> S3Result<Written> {
    let size = i64::try_from(range.end - range.start).ok();
    let download = blocking(move || Download::open(&source, range).map_err(failed)).await?;
    let promise = Promise {
        size,
        algorithm,
        ..Promise::default()
    };
    receive(store.blobs(), Some(StreamingBlob::from(download)), promise).await
}

/// `bytes=first-last`, both given and both inside the source (AWS API reference).
fn source_range(range: Option<&str>, size: u64) -> S3Result<Range<u64>> {
    let Some(range) = range else {
        return Ok(0..size);
    };
    match dto::Range::parse(range) {
        Ok(dto::Range::Int {
            first,
            last: Some(last),
        }) if last < size => Ok(first..last + 1),
        Ok(dto::Range::Int { last: Some(_), .. }) => Err(s3_error!(
            InvalidRange,
            "Range specified is not valid for source object of size: {size}"
        )),
        _ => Err(s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )),
    }
}

fn etag_condition(headers: &HeaderMap, name: &HeaderName) -> S3Result<Option<ETagCondition>> {
    let value = headers
        .get(name)
        .map(|value| ETagCondition::parse_http_header(value.as_bytes()));
    value
        .transpose()
        .map_err(|error| s3_error!(error, InvalidArgument, "invalid header: {name}"))
}

fn copy_result(object: &Object) -> CopyObjectResult {
    let mut result = CopyObjectResult {
        e_tag: Some(object.etag()),
        last_modified: Some(object.record.modified.into()),
        checksum_type: object.record.checksums.kind.clone().map(ChecksumType::from),
        ..CopyObjectResult::default()
    };
    show_checksums!(result, &object.record.checksums);
    result
}
