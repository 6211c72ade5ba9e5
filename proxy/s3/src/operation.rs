//! Every operation of S3 and OBS that has a name here.

macro_rules! operations {
    ($($name:ident)+) => {
        /// What a request asks for, in AWS's spelling; OBS's own operations in OBS's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", stringify!($name), "` of the S3 or OBS API reference.")] $name,)+
            /// Nothing we know. It must not reach a backend: it could read or write object data.
            Unknown,
        }

        impl Operation {
            /// Every operation with a name, without [`Self::Unknown`].
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// AWS's spelling.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Unknown => "Unknown",
                }
            }
        }
    };
}

operations! {
    // objects
    PutObject GetObject HeadObject DeleteObject DeleteObjects CopyObject PostObject
    GetObjectAttributes SelectObjectContent RestoreObject GetObjectTorrent RenameObject
    GetObjectAcl PutObjectAcl GetObjectTagging PutObjectTagging DeleteObjectTagging
    GetObjectRetention PutObjectRetention GetObjectLegalHold PutObjectLegalHold
    UpdateObjectEncryption
    // multipart uploads
    CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload
    ListParts ListMultipartUploads
    // buckets
    ListBuckets CreateBucket DeleteBucket HeadBucket ListObjects ListObjectsV2 ListObjectVersions
    GetBucketLocation CreateSession
    GetBucketAccelerateConfiguration PutBucketAccelerateConfiguration
    GetBucketAcl PutBucketAcl
    GetBucketAnalyticsConfiguration PutBucketAnalyticsConfiguration
    DeleteBucketAnalyticsConfiguration
    GetBucketCors PutBucketCors DeleteBucketCors
    GetBucketEncryption PutBucketEncryption DeleteBucketEncryption
    GetBucketIntelligentTieringConfiguration PutBucketIntelligentTieringConfiguration
    DeleteBucketIntelligentTieringConfiguration
    GetBucketInventoryConfiguration PutBucketInventoryConfiguration
    DeleteBucketInventoryConfiguration
    GetBucketLifecycleConfiguration PutBucketLifecycleConfiguration DeleteBucketLifecycle
    GetBucketLogging PutBucketLogging
    GetBucketMetricsConfiguration PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration
    GetBucketNotificationConfiguration PutBucketNotificationConfiguration
    GetBucketOwnershipControls PutBucketOwnershipControls DeleteBucketOwnershipControls
    GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus
    GetBucketReplication PutBucketReplication DeleteBucketReplication
    GetBucketRequestPayment PutBucketRequestPayment
    GetBucketTagging PutBucketTagging DeleteBucketTagging
    GetBucketVersioning PutBucketVersioning
    GetBucketWebsite PutBucketWebsite DeleteBucketWebsite
    GetObjectLockConfiguration PutObjectLockConfiguration
    GetPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock
    // OBS only
    AppendObject ModifyObject TruncateObject
    GetBucketStorageInfo GetBucketQuota PutBucketQuota
    GetBucketStoragePolicy PutBucketStoragePolicy
    GetBucketCustomDomain PutBucketCustomDomain DeleteBucketCustomDomain
    GetBucketMirrorBackToSource PutBucketMirrorBackToSource DeleteBucketMirrorBackToSource
    GetBucketDirectColdAccess PutBucketDirectColdAccess DeleteBucketDirectColdAccess
    // cross-origin resource sharing
    CorsPreflight
}
