//! `PutObject`.

use std::sync::Arc;

use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::ChecksumType;
use s3s::dto::ETag;
use s3s::dto::PutObjectInput;
use s3s::dto::PutObjectOutput;
use s3s::s3_error;

use crate::attributes::Attributes;
use crate::attributes::attributes_of;
use crate::blob::Written;
use crate::checksums::Checksums;
use crate::checksums::checksums_of;
use crate::checksums::show_checksums;
use crate::condition::WriteCondition;
use crate::disk;
use crate::operations::Answer;
use crate::receive::Promise;
use crate::receive::blocking;
use crate::receive::receive;
use crate::record::NULL_VERSION;
use crate::record::Object;
use crate::record::ObjectRecord;
use crate::record::Seconds;
use crate::record::Segment;
use crate::store::Store;

pub(crate) async fn put_object(
    store: &Store,
    request: S3Request<PutObjectInput>,
) -> Answer<PutObjectOutput> {
    let S3Request {
        mut input,
        headers,
        trailing_headers,
        ..
    } = request;
    let bucket = store.bucket(&input.bucket)?;
    permit_key(&input.key)?;
    let condition = WriteCondition::parse(input.if_match.take(), input.if_none_match.take())?;
    // Judged once more in turn, when it counts; here it spares the body of a client that waits.
    condition.permit(bucket.object(&input.key).as_deref())?;
    let attributes = attributes_of!(input, &headers);
    let promise = Promise {
        size: Promise::announced(&headers, input.content_length),
        md5: input.content_md5.take(),
        checksums: checksums_of!(input),
        algorithm: input
            .checksum_algorithm
            .take()
            .map(|name| name.as_str().to_owned()),
        trailers: trailing_headers,
    };
    let written = receive(store.blobs(), input.body.take(), promise).await?;
    let object = whole(input.key, attributes, written);
    let object = blocking(move || {
        let turn = bucket.turn()?;
        condition.permit(bucket.object(&object.record.key).as_deref())?;
        turn.put(object)
    });
    Ok(S3Response::new(answer(&*object.await?)))
}

/// S3 allows any UTF-8 from 1 to 1024 bytes.
pub(crate) fn permit_key(key: &str) -> S3Result<()> {
    match key.len() {
        0 => Err(s3_error!(InvalidArgument, "The object key is empty")),
        1..=KEY_BYTES_MAX => Ok(()),
        _ => Err(s3_error!(KeyTooLongError, "Your key is too long")),
    }
}

/// An object put as a whole, from one blob.
pub(crate) fn whole(key: String, attributes: Attributes, written: Written) -> Object {
    let blob = written.blob;
    let segments = vec![Segment {
        blob: blob.name().to_owned(),
        size: written.size,
    }];
    let record = ObjectRecord {
        key,
        version: NULL_VERSION.to_owned(),
        etag: disk::hex(&written.md5),
        size: written.size,
        modified: Seconds::now(),
        attributes,
        checksums: full_object(written.checksums),
        segments,
        parts: Vec::new(),
    };
    Object {
        record,
        blobs: vec![Arc::new(blob)],
    }
}

fn full_object(checksums: Checksums) -> Checksums {
    let kind = (!checksums.is_empty()).then(|| ChecksumType::FULL_OBJECT.to_owned());
    Checksums { kind, ..checksums }
}

fn answer(object: &Object) -> PutObjectOutput {
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(object.record.etag.clone())),
        checksum_type: object.record.checksums.kind.clone().map(ChecksumType::from),
        ..PutObjectOutput::default()
    };
    show_checksums!(output, &object.record.checksums);
    output
}

const KEY_BYTES_MAX: usize = 1024;
