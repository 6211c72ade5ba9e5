//! The operations of S3, one file per kind.

mod buckets;
mod delete;
mod get;
mod list;
mod put;

use s3s::S3;
use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::AbortMultipartUploadInput;
use s3s::dto::AbortMultipartUploadOutput;
use s3s::dto::CompleteMultipartUploadInput;
use s3s::dto::CompleteMultipartUploadOutput;
use s3s::dto::CopyObjectInput;
use s3s::dto::CopyObjectOutput;
use s3s::dto::CreateBucketInput;
use s3s::dto::CreateBucketOutput;
use s3s::dto::CreateMultipartUploadInput;
use s3s::dto::CreateMultipartUploadOutput;
use s3s::dto::DeleteBucketInput;
use s3s::dto::DeleteBucketOutput;
use s3s::dto::DeleteObjectInput;
use s3s::dto::DeleteObjectOutput;
use s3s::dto::DeleteObjectsInput;
use s3s::dto::DeleteObjectsOutput;
use s3s::dto::GetBucketLocationInput;
use s3s::dto::GetBucketLocationOutput;
use s3s::dto::GetObjectInput;
use s3s::dto::GetObjectOutput;
use s3s::dto::HeadBucketInput;
use s3s::dto::HeadBucketOutput;
use s3s::dto::HeadObjectInput;
use s3s::dto::HeadObjectOutput;
use s3s::dto::ListBucketsInput;
use s3s::dto::ListBucketsOutput;
use s3s::dto::ListMultipartUploadsInput;
use s3s::dto::ListMultipartUploadsOutput;
use s3s::dto::ListObjectsInput;
use s3s::dto::ListObjectsOutput;
use s3s::dto::ListObjectsV2Input;
use s3s::dto::ListObjectsV2Output;
use s3s::dto::ListPartsInput;
use s3s::dto::ListPartsOutput;
use s3s::dto::PutObjectInput;
use s3s::dto::PutObjectOutput;
use s3s::dto::UploadPartCopyInput;
use s3s::dto::UploadPartCopyOutput;
use s3s::dto::UploadPartInput;
use s3s::dto::UploadPartOutput;

use crate::store::Store;

/// Implements the trait by the function of the same name in the named module.
macro_rules! operations {
    ($($module:ident::$operation:ident($input:ty) -> $output:ty;)*) => {
        #[async_trait::async_trait]
        impl S3 for Store {
            $(async fn $operation(&self, request: S3Request<$input>) -> Answer<$output> {
                $module::$operation(self, request).await
            })*
        }
    };
}

/// What every operation answers.
pub(crate) type Answer<T> = S3Result<S3Response<T>>;

operations! {
    buckets::create_bucket(CreateBucketInput) -> CreateBucketOutput;
    buckets::delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
    buckets::head_bucket(HeadBucketInput) -> HeadBucketOutput;
    buckets::list_buckets(ListBucketsInput) -> ListBucketsOutput;
    buckets::get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
    put::put_object(PutObjectInput) -> PutObjectOutput;
    get::get_object(GetObjectInput) -> GetObjectOutput;
    get::head_object(HeadObjectInput) -> HeadObjectOutput;
    delete::delete_object(DeleteObjectInput) -> DeleteObjectOutput;
    delete::delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
    list::list_objects(ListObjectsInput) -> ListObjectsOutput;
    list::list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
}
