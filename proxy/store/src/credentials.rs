//! Who may call the store, and with which headers.

use std::fmt;
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::Uri;
use hyper::header::AUTHORIZATION;
use hyper::header::HeaderName;
use hyper::header::HeaderValue;
use s3s::S3Result;
use s3s::access::S3Access;
use s3s::access::S3AccessContext;
use s3s::auth::S3Auth;
use s3s::auth::SecretKey;
use s3s::region::Region;
use s3s::s3_error;

/// The one pair of keys that a store accepts.
///
/// The secret lives in memory only, and is wiped when this is dropped.
pub struct Credentials {
    access_key: String,
    secret_key: SecretKey,
}

impl Credentials {
    /// A pair of keys.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<SecretKey>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            access_key,
            secret_key: _,
        } = self;
        f.debug_struct("Credentials")
            .field("access_key", access_key)
            .field("secret_key", &format_args!("***"))
            .finish()
    }
}

/// Lets signed requests in, unless they ask for what would silently not happen here.
#[derive(Clone)]
pub(crate) struct Gate {
    credentials: Arc<Credentials>,
    region: Region,
}

impl Gate {
    pub(crate) fn new(credentials: Credentials, region: Region) -> Self {
        Self {
            credentials: Arc::new(credentials),
            region,
        }
    }

    /// Refuses headers that ask for what would silently not happen.
    pub(crate) fn permit_headers(headers: &HeaderMap, is_read: bool) -> S3Result<()> {
        let permit = |(name, value): (&HeaderName, &HeaderValue)| {
            permit_header(name.as_str(), value.as_bytes(), is_read)
        };
        headers.iter().try_for_each(permit)
    }

    /// `s3s` verifies the signature over whatever region it names.
    pub(crate) fn permit_region(&self, headers: &HeaderMap, uri: &Uri) -> S3Result<()> {
        let header = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let query = uri
            .query()
            .filter(|query| query.contains("X-Amz-Credential="));
        let Some(scope) = header
            .or(query)
            .and_then(|text| text.split_once("Credential="))
        else {
            return Ok(());
        };
        let separators = ["/", "%2F", "%2f"];
        let scope = separators
            .iter()
            .fold(scope.1.to_owned(), |s, sep| s.replace(sep, "/"));
        let named = scope.split('/').nth(2).unwrap_or_default();
        let region = self.region.as_str();
        if named == region {
            return Ok(());
        }
        Err(s3_error!(
            AuthorizationHeaderMalformed,
            "The authorization header is malformed; the region '{named}' is wrong; \
             expecting '{region}'"
        ))
    }
}

#[async_trait::async_trait]
impl S3Auth for Gate {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.credentials.access_key {
            return Ok(self.credentials.secret_key.clone());
        }
        Err(s3_error!(
            InvalidAccessKeyId,
            "The access key ID you provided does not exist in our records"
        ))
    }
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        self.permit_region(context.headers(), context.uri())?;
        let is_read = matches!(context.s3_op().name(), "GetObject" | "HeadObject");
        Self::permit_headers(context.headers(), is_read)
    }
}

/// Better a clear refusal than an object that is not encrypted, public or locked as was asked.
fn permit_header(name: &str, value: &[u8], is_read: bool) -> S3Result<()> {
    if name.starts_with("x-amz-server-side-encryption") && is_read {
        return Err(s3_error!(
            InvalidRequest,
            "The encryption parameters are not applicable to this object"
        ));
    }
    if name.starts_with("x-amz-server-side-encryption")
        || name.starts_with("x-amz-copy-source-server-side-encryption")
    {
        return Err(s3_error!(NotImplemented, "This store does not encrypt"));
    }
    let is_owner_only = matches!(value, b"private" | b"bucket-owner-full-control");
    if name.starts_with("x-amz-grant-") || (name == "x-amz-acl" && !is_owner_only) {
        return Err(s3_error!(
            AccessControlListNotSupported,
            "The bucket does not allow ACLs"
        ));
    }
    if name.starts_with("x-amz-object-lock-") {
        return Err(s3_error!(
            InvalidRequest,
            "Bucket is missing Object Lock Configuration"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!("{:?}", Credentials::new("AK", "hush"));
        assert!(shown.contains("AK") && shown.contains("***") && !shown.contains("hush"));
    }

    #[test]
    fn refuses_what_would_silently_not_happen() {
        for (name, value) in [
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-copy-source-server-side-encryption-customer-key", "k"),
            ("x-amz-acl", "public-read"),
            ("x-amz-grant-read", "id=1"),
            ("x-amz-object-lock-mode", "GOVERNANCE"),
        ] {
            assert!(
                permit_header(name, value.as_bytes(), false).is_err(),
                "{name}"
            );
        }
        for (name, value) in [("x-amz-acl", "private"), ("x-amz-meta-acl", "public-read")] {
            assert!(
                permit_header(name, value.as_bytes(), false).is_ok(),
                "{name}"
            );
        }
    }
}
