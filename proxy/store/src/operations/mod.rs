//! The operations of S3, one file per kind.

mod buckets;
mod copy;
mod delete;
mod get;
mod list;
mod multipart;
mod multipart_list;
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

/// Implements the trait by the function of the same name in the named module: those `at_once`
/// only look at the index, those `in_time` wait for the disk or the network.
macro_rules! operations {
    (
        at_once { $($module:ident::$operation:ident($input:ty) -> $output:ty;)* }
        in_time { $($slow:ident::$slow_operation:ident($slow_input:ty) -> $slow_output:ty;)* }
    ) => {
        #[async_trait::async_trait]
        impl S3 for Store {
            $(async fn $operation(&self, request: S3Request<$input>) -> Answer<$output> {
                $module::$operation(self, request)
            })*
            $(async fn $slow_operation(
                &self,
                request: S3Request<$slow_input>,
            ) -> Answer<$slow_output> {
                $slow::$slow_operation(self, request).await
            })*
        }
    };
}

/// What every operation answers.
pub(crate) type Answer<T> = S3Result<S3Response<T>>;

operations! {
    at_once {
        buckets::create_bucket(CreateBucketInput) -> CreateBucketOutput;
        buckets::delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
        buckets::head_bucket(HeadBucketInput) -> HeadBucketOutput;
        buckets::list_buckets(ListBucketsInput) -> ListBucketsOutput;
        buckets::get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        get::head_object(HeadObjectInput) -> HeadObjectOutput;
        list::list_objects(ListObjectsInput) -> ListObjectsOutput;
        list::list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
        multipart_list::list_parts(ListPartsInput) -> ListPartsOutput;
        multipart_list::list_multipart_uploads(ListMultipartUploadsInput)
            -> ListMultipartUploadsOutput;
    }
    in_time {
        put::put_object(PutObjectInput) -> PutObjectOutput;
        get::get_object(GetObjectInput) -> GetObjectOutput;
        copy::copy_object(CopyObjectInput) -> CopyObjectOutput;
        copy::upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput;
        delete::delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete::delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        multipart::create_multipart_upload(CreateMultipartUploadInput)
            -> CreateMultipartUploadOutput;
        multipart::upload_part(UploadPartInput) -> UploadPartOutput;
        multipart::complete_multipart_upload(CompleteMultipartUploadInput)
            -> CompleteMultipartUploadOutput;
        multipart::abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    }
}
