//! Buckets.

use std::sync::Arc;

use s3s::S3Request;
use s3s::S3Response;
use s3s::dto::Bucket;
use s3s::dto::BucketLocationConstraint;
use s3s::dto::CreateBucketInput;
use s3s::dto::CreateBucketOutput;
use s3s::dto::DeleteBucketInput;
use s3s::dto::DeleteBucketOutput;
use s3s::dto::GetBucketLocationInput;
use s3s::dto::GetBucketLocationOutput;
use s3s::dto::HeadBucketInput;
use s3s::dto::HeadBucketOutput;
use s3s::dto::ListBucketsInput;
use s3s::dto::ListBucketsOutput;
use s3s::dto::Owner;
use s3s::s3_error;

use crate::operations::Answer;
use crate::store::Store;

/// The region whose buckets answer without a location, and where creating twice succeeds.
const FIRST_REGION: &str = "us-east-1";
/// Of one `ListBuckets` page (AWS API reference).
const BUCKETS_MAX: i32 = 10_000;

impl Store {
    pub(crate) fn region_name(&self) -> &str {
        self.region()
            .map_or(FIRST_REGION, s3s::region::Region::as_str)
    }
}

/// The one owner of everything.
pub(crate) fn owner() -> Owner {
    Owner {
        display_name: Some("sealgate".to_owned()),
        id: Some("0".repeat(64)),
    }
}

pub(crate) fn create_bucket(
    store: &Store,
    request: S3Request<CreateBucketInput>,
) -> Answer<CreateBucketOutput> {
    let input = request.input;
    let asked = input
        .create_bucket_configuration
        .and_then(|asked| asked.location_constraint);
    if asked.is_some_and(|asked| asked.as_str() != store.region_name()) {
        return Err(s3_error!(
            InvalidLocationConstraint,
            "The specified location-constraint is not valid"
        ));
    }
    // Two small folders and a record: not worth a thread of their own.
    let is_new = store.create_bucket(&input.bucket)?;
    if !is_new && store.region_name() != FIRST_REGION {
        return Err(s3_error!(
            BucketAlreadyOwnedByYou,
            "Your previous request to create the named bucket succeeded and you already own it"
        ));
    }
    let location = Some(format!("/{}", input.bucket));
    Ok(S3Response::new(CreateBucketOutput { location }))
}

pub(crate) fn delete_bucket(
    store: &Store,
    request: S3Request<DeleteBucketInput>,
) -> Answer<DeleteBucketOutput> {
    let DeleteBucketInput { bucket, .. } = request.input;
    store.delete_bucket(&bucket)?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

pub(crate) fn head_bucket(
    store: &Store,
    request: S3Request<HeadBucketInput>,
) -> Answer<HeadBucketOutput> {
    let HeadBucketInput { bucket, .. } = request.input;
    store.bucket(&bucket)?;
    let bucket_region = Some(store.region_name().to_owned());
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region,
        ..Default::default()
    }))
}

pub(crate) fn get_bucket_location(
    store: &Store,
    request: S3Request<GetBucketLocationInput>,
) -> Answer<GetBucketLocationOutput> {
    let GetBucketLocationInput { bucket, .. } = request.input;
    store.bucket(&bucket)?;
    let region = Some(store.region_name()).filter(|region| *region != FIRST_REGION);
    let location_constraint = region.map(|r| BucketLocationConstraint::from(r.to_owned()));
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint,
    }))
}

pub(crate) fn list_buckets(
    store: &Store,
    request: S3Request<ListBucketsInput>,
) -> Answer<ListBucketsOutput> {
    let input = request.input;
    let limit = input.max_buckets.unwrap_or(BUCKETS_MAX);
    if !(1..=BUCKETS_MAX).contains(&limit) {
        return Err(s3_error!(
            InvalidArgument,
            "max-buckets must be from 1 to 10000"
        ));
    }
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.unwrap_or_default();
    let buckets = store.read();
    let mut rest = buckets
        .values()
        .filter(|bucket| bucket.name.starts_with(&prefix) && bucket.name > after)
        .map(|bucket| shown(store, bucket));
    let page: Vec<Bucket> = rest
        .by_ref()
        .take(usize::try_from(limit).unwrap_or_default())
        .collect();
    let next = rest
        .next()
        .and(page.last())
        .and_then(|last| last.name.clone());
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(page),
        continuation_token: next,
        owner: Some(owner()),
        prefix: input.prefix,
    }))
}

fn shown(store: &Store, bucket: &Arc<crate::bucket::Bucket>) -> Bucket {
    Bucket {
        bucket_region: Some(store.region_name().to_owned()),
        creation_date: Some(bucket.record.created.into()),
        name: Some(bucket.name.clone()),
    }
}
