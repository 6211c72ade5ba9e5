//! The error codes of S3: one table of spelling, status and default text.

use http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $name:literal, $status:ident, $text:literal;)+) => {
        /// A code of S3's error answers, as listed in the S3 API reference, "Error responses".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $name, "`: ", $text)] $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// AWS's spelling, the text of `<Code>`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The HTTP status that goes with the code.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// What the client reads when nothing more precise is known.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

impl ErrorCode {
    /// The code of a spelling; `None` for one that is not in the table.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

codes! {
    AccessDenied = "AccessDenied", FORBIDDEN, "Access Denied";
    AuthorizationHeaderMalformed = "AuthorizationHeaderMalformed", BAD_REQUEST, "The authorization header that you provided is not valid.";
    AuthorizationQueryParametersError = "AuthorizationQueryParametersError", BAD_REQUEST, "The authorization query parameters that you provided are not valid.";
    BadDigest = "BadDigest", BAD_REQUEST, "The Content-MD5 you specified did not match what we received.";
    BucketAlreadyExists = "BucketAlreadyExists", CONFLICT, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
    BucketAlreadyOwnedByYou = "BucketAlreadyOwnedByYou", CONFLICT, "Your previous request to create the named bucket succeeded and you already own it.";
    BucketNotEmpty = "BucketNotEmpty", CONFLICT, "The bucket you tried to delete is not empty.";
    ConditionalRequestConflict = "ConditionalRequestConflict", CONFLICT, "A conflicting conditional operation is currently in progress against this resource. Please try again.";
    EntityTooLarge = "EntityTooLarge", BAD_REQUEST, "Your proposed upload exceeds the maximum allowed object size.";
    EntityTooSmall = "EntityTooSmall", BAD_REQUEST, "Your proposed upload is smaller than the minimum allowed object size.";
    ExpiredToken = "ExpiredToken", BAD_REQUEST, "The provided token has expired.";
    IncompleteBody = "IncompleteBody", BAD_REQUEST, "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    InternalError = "InternalError", INTERNAL_SERVER_ERROR, "We encountered an internal error. Please try again.";
    InvalidAccessKeyId = "InvalidAccessKeyId", FORBIDDEN, "The AWS Access Key Id you provided does not exist in our records.";
    InvalidArgument = "InvalidArgument", BAD_REQUEST, "Invalid Argument";
    InvalidBucketName = "InvalidBucketName", BAD_REQUEST, "The specified bucket is not valid.";
    InvalidChunkSizeError = "InvalidChunkSizeError", BAD_REQUEST, "Only the last chunk is allowed to have a size less than 8192 bytes";
    InvalidDigest = "InvalidDigest", BAD_REQUEST, "The Content-MD5 you specified was invalid.";
    InvalidEncryptionAlgorithmError = "InvalidEncryptionAlgorithmError", BAD_REQUEST, "The Encryption request you specified is not valid. Supported value: AES256.";
    InvalidObjectState = "InvalidObjectState", FORBIDDEN, "The operation is not valid for the current state of the object.";
    InvalidPart = "InvalidPart", BAD_REQUEST, "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    InvalidPartNumber = "InvalidPartNumber", RANGE_NOT_SATISFIABLE, "The requested partnumber is not satisfiable";
    InvalidPartOrder = "InvalidPartOrder", BAD_REQUEST, "The list of parts was not in ascending order. Parts must be ordered by part number.";
    InvalidPolicyDocument = "InvalidPolicyDocument", BAD_REQUEST, "The content of the form does not meet the conditions specified in the policy document.";
    InvalidRange = "InvalidRange", RANGE_NOT_SATISFIABLE, "The requested range is not satisfiable";
    InvalidRequest = "InvalidRequest", BAD_REQUEST, "Invalid Request";
    InvalidToken = "InvalidToken", BAD_REQUEST, "The provided token is malformed or otherwise invalid.";
    InvalidUri = "InvalidURI", BAD_REQUEST, "Couldn't parse the specified URI.";
    KeyTooLong = "KeyTooLongError", BAD_REQUEST, "Your key is too long";
    MalformedPolicy = "MalformedPolicy", BAD_REQUEST, "Policies must be valid JSON and the first byte must be '{'";
    KmsDisabled = "KMS.DisabledException", BAD_REQUEST, "The key is disabled.";
    KmsInvalidState = "KMS.KMSInvalidStateException", BAD_REQUEST, "The key is in a state that does not allow the request.";
    KmsNotFound = "KMS.NotFoundException", BAD_REQUEST, "Invalid keyId";
    MalformedPostRequest = "MalformedPOSTRequest", BAD_REQUEST, "The body of your POST request is not well-formed multipart/form-data.";
    MalformedTrailer = "MalformedTrailerError", BAD_REQUEST, "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    MalformedXml = "MalformedXML", BAD_REQUEST, "The XML you provided was not well-formed or did not validate against our published schema";
    MaxMessageLengthExceeded = "MaxMessageLengthExceeded", BAD_REQUEST, "Your request was too big.";
    MaxPostPreDataLengthExceeded = "MaxPostPreDataLengthExceeded", BAD_REQUEST, "Your POST request fields preceding the upload file were too large.";
    MetadataTooLarge = "MetadataTooLarge", BAD_REQUEST, "Your metadata headers exceed the maximum allowed metadata size";
    MethodNotAllowed = "MethodNotAllowed", METHOD_NOT_ALLOWED, "The specified method is not allowed against this resource.";
    MissingContentLength = "MissingContentLength", LENGTH_REQUIRED, "You must provide the Content-Length HTTP header.";
    MissingRequestBody = "MissingRequestBodyError", BAD_REQUEST, "Request Body is empty";
    NoSuchBucket = "NoSuchBucket", NOT_FOUND, "The specified bucket does not exist";
    NoSuchKey = "NoSuchKey", NOT_FOUND, "The specified key does not exist.";
    NoSuchUpload = "NoSuchUpload", NOT_FOUND, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    NoSuchVersion = "NoSuchVersion", NOT_FOUND, "The specified version does not exist.";
    NotImplemented = "NotImplemented", NOT_IMPLEMENTED, "A header you provided implies functionality that is not implemented";
    OperationAborted = "OperationAborted", CONFLICT, "A conflicting conditional operation is currently in progress against this resource. Try again.";
    PreconditionFailed = "PreconditionFailed", PRECONDITION_FAILED, "At least one of the pre-conditions you specified did not hold";
    RequestTimeTooSkewed = "RequestTimeTooSkewed", FORBIDDEN, "The difference between the request time and the current time is too large.";
    RequestTimeout = "RequestTimeout", BAD_REQUEST, "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.";
    NoSuchEncryptionConfiguration = "NoSuchEncryptionConfiguration", NOT_FOUND, "The specified bucket does not have any encryption configurations";
    ServerSideEncryptionConfigurationNotFound = "ServerSideEncryptionConfigurationNotFoundError", NOT_FOUND, "The server side encryption configuration was not found";
    ServiceUnavailable = "ServiceUnavailable", SERVICE_UNAVAILABLE, "Please reduce your request rate.";
    SignatureDoesNotMatch = "SignatureDoesNotMatch", FORBIDDEN, "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    SlowDown = "SlowDown", SERVICE_UNAVAILABLE, "Please reduce your request rate.";
    XAmzContentSha256Mismatch = "XAmzContentSHA256Mismatch", BAD_REQUEST, "The provided 'x-amz-content-sha256' header does not match what was computed.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_leads_back_to_its_code() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.name()), Some(*code));
        }
        assert_eq!(ErrorCode::from_name("accessdenied"), None);
    }

    #[test]
    fn every_code_is_a_fault() {
        for code in ErrorCode::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }
}
