//! `DeleteObject` and `DeleteObjects`.

use std::sync::Arc;

use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::DeleteObjectInput;
use s3s::dto::DeleteObjectOutput;
use s3s::dto::DeleteObjectsInput;
use s3s::dto::DeleteObjectsOutput;
use s3s::dto::DeletedObject;
use s3s::dto::ETagCondition;
use s3s::dto::Error;
use s3s::dto::ObjectIdentifier;
use s3s::s3_error;

use crate::bucket::Bucket;
use crate::condition::WriteCondition;
use crate::operations::Answer;
use crate::receive::blocking;
use crate::record::NULL_VERSION;
use crate::store::Store;

pub(crate) async fn delete_object(
    store: &Store,
    request: S3Request<DeleteObjectInput>,
) -> Answer<DeleteObjectOutput> {
    let input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    let version = input.version_id;
    blocking(move || delete(&bucket, &input.key, version.as_deref(), input.if_match)).await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(crate) async fn delete_objects(
    store: &Store,
    request: S3Request<DeleteObjectsInput>,
) -> Answer<DeleteObjectsOutput> {
    let input = request.input;
    let bucket = store.bucket(&input.bucket)?;
    if input.delete.objects.is_empty() || input.delete.objects.len() > OBJECTS_MAX {
        return Err(s3_error!(
            MalformedXML,
            "A delete request names from 1 to 1000 objects"
        ));
    }
    let is_quiet = input.delete.quiet.unwrap_or_default();
    let objects = input.delete.objects;
    let output = blocking(move || Ok(delete_all(&bucket, objects, is_quiet)));
    Ok(S3Response::new(output.await?))
}

fn delete_all(
    bucket: &Arc<Bucket>,
    objects: Vec<ObjectIdentifier>,
    is_quiet: bool,
) -> DeleteObjectsOutput {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in objects {
        let condition = object.e_tag.map(ETagCondition::ETag);
        let result = delete(bucket, &object.key, object.version_id.as_deref(), condition);
        let (key, version_id) = (Some(object.key), object.version_id);
        match result {
            Ok(()) => deleted.push(DeletedObject {
                key,
                version_id,
                ..Default::default()
            }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key,
                message: error.message().map(str::to_owned),
                version_id,
            }),
        }
    }
    let deleted = if is_quiet { Vec::new() } else { deleted };
    DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    }
}

fn delete(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
    if_match: Option<ETagCondition>,
) -> S3Result<()> {
    if version.is_some_and(|version| version != NULL_VERSION) {
        return Err(s3_error!(
            NoSuchVersion,
            "The specified version does not exist"
        ));
    }
    let condition = WriteCondition::parse(if_match, None)?;
    let turn = bucket.turn()?;
    condition.permit(bucket.object(key).as_deref())?;
    turn.delete(key)
}

/// Of one request (AWS API reference).
const OBJECTS_MAX: usize = 1000;
