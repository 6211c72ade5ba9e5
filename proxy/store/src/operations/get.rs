//! `GetObject` and `HeadObject`.

use std::sync::Arc;

use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::ChecksumMode;
use s3s::dto::ChecksumType;
use s3s::dto::GetObjectInput;
use s3s::dto::GetObjectOutput;
use s3s::dto::HeadObjectInput;
use s3s::dto::HeadObjectOutput;
use s3s::dto::ObjectVersionId;
use s3s::dto::StorageClass;
use s3s::dto::StreamingBlob;
use s3s::dto::Timestamp;
use s3s::dto::TimestampFormat;
use s3s::s3_error;

use crate::bucket::failed;
use crate::checksums::show_checksums;
use crate::condition::ReadCondition;
use crate::download::Download;
use crate::operations::Answer;
use crate::receive::blocking;
use crate::record::NULL_VERSION;
use crate::record::Object;
use crate::store::Store;
use crate::window::Window;
use crate::window::window;

/// The object and the part of it that an input of either operation asks for.
macro_rules! asked {
    ($store:expr, $input:expr) => {{
        let condition = ReadCondition {
            matching: $input.if_match.take(),
            none_matching: $input.if_none_match.take(),
            modified_since: $input.if_modified_since.take(),
            unmodified_since: $input.if_unmodified_since.take(),
        };
        let object = find(
            $store,
            &$input.bucket,
            &$input.key,
            $input.version_id.as_ref(),
        )?;
        condition.permit_read(&object)?;
        let window = window(&object, $input.range, $input.part_number)?;
        (object, window)
    }};
}

/// Fills the output of either operation.
macro_rules! shown {
    ($output:ident, $object:expr, $window:expr, $mode:expr) => {{
        let record = &$object.record;
        let attributes = record.attributes.clone();
        let mut output = $output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from($window.range.end - $window.range.start).ok(),
            content_range: $window.content_range(record.size),
            parts_count: $window.parts_count,
            e_tag: Some($object.etag()),
            last_modified: Some(record.modified.into()),
            content_type: attributes
                .content_type
                .clone()
                .or(Some(DEFAULT_TYPE.to_owned())),
            content_encoding: attributes.content_encoding.clone(),
            content_language: attributes.content_language.clone(),
            content_disposition: attributes.content_disposition.clone(),
            cache_control: attributes.cache_control.clone(),
            expires: expires(attributes.expires.as_deref()),
            website_redirect_location: attributes.redirect.clone(),
            storage_class: attributes.shown_class().map(StorageClass::from),
            ..$output::default()
        };
        if shows_checksums($mode.as_ref(), &$window) {
            output.checksum_type = record.checksums.kind.clone().map(ChecksumType::from);
            show_checksums!(output, &record.checksums);
        }
        output
    }};
}

pub(crate) async fn get_object(
    store: &Store,
    request: S3Request<GetObjectInput>,
) -> Answer<GetObjectOutput> {
    let mut input = request.input;
    let (object, window) = asked!(store, input);
    let mut output = shown!(GetObjectOutput, object, window, input.checksum_mode);
    output.tag_count = object.record.attributes.tag_count();
    let headers = object.record.attributes.metadata_headers();
    let download = blocking(move || Download::open(&object, window.range).map_err(failed));
    output.body = Some(StreamingBlob::from(download.await?));
    Ok(S3Response::with_headers(output, headers))
}

pub(crate) fn head_object(
    store: &Store,
    request: S3Request<HeadObjectInput>,
) -> Answer<HeadObjectOutput> {
    let mut input = request.input;
    let (object, window) = asked!(store, input);
    let mut output = shown!(HeadObjectOutput, object, window, input.checksum_mode);
    override_headers(&mut output, input);
    Ok(S3Response::with_headers(
        output,
        object.record.attributes.metadata_headers(),
    ))
}

/// The object of a version id, which can only be the one that every object here has.
pub(crate) fn find(
    store: &Store,
    bucket: &str,
    key: &str,
    version: Option<&ObjectVersionId>,
) -> S3Result<Arc<Object>> {
    let bucket = store.bucket(bucket)?;
    if version.is_some_and(|version| version != NULL_VERSION) {
        return Err(s3_error!(
            NoSuchVersion,
            "The specified version does not exist"
        ));
    }
    let object = bucket.object(key);
    object.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist"))
}

/// The `response-*` parameters: for GET `s3s` applies them, for HEAD it leaves them to us.
fn override_headers(output: &mut HeadObjectOutput, input: HeadObjectInput) {
    let replace = |slot: &mut Option<String>, given: Option<String>| {
        if given.is_some() {
            *slot = given;
        }
    };
    replace(&mut output.content_type, input.response_content_type);
    replace(
        &mut output.content_language,
        input.response_content_language,
    );
    replace(
        &mut output.content_encoding,
        input.response_content_encoding,
    );
    replace(
        &mut output.content_disposition,
        input.response_content_disposition,
    );
    replace(&mut output.cache_control, input.response_cache_control);
    if input.response_expires.is_some() {
        output.expires = input.response_expires;
    }
}

/// A checksum of the whole says nothing about a range of it.
fn shows_checksums(mode: Option<&ChecksumMode>, window: &Window) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) && !window.is_partial
}

fn expires(stored: Option<&str>) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, stored?).ok()
}

/// What S3 says of an object for which nobody named a type.
const DEFAULT_TYPE: &str = "binary/octet-stream";
