//! The signature of a form: of its policy, which says what the form may be (AWS, "Authenticating
//! requests in browser-based uploads using POST").

use time::Duration;

use crate::Error;
use crate::ErrorCode;
use crate::Form;
use crate::Head;
use crate::Payload;
use crate::SigningKey;
use crate::auth::authorization::parse_credential;
use crate::auth::mechanism;
use crate::auth::mechanism::Mechanism;
use crate::auth::scope;
use crate::auth::v2;
use crate::auth::verified::Expectation;
use crate::auth::verified::Verified;
use crate::auth::verify::Secrets;
use crate::auth::verify::everything_counts;
use crate::auth::verify::in_query;
use crate::auth::verify::scope_fits;
use crate::auth::verify::secret_of;
use crate::form::PostPolicy;

/// How long a signing key of Version 4 is good for, and with it a form.
const SIGNED_FOR: Duration = Duration::days(7);

/// What is asked of one form.
#[derive(Clone, Copy, Debug)]
pub struct FormCall<'a> {
    /// The request that brings it.
    pub head: Head<'a>,
    /// The bucket it is sent to.
    pub bucket: &'a str,
    /// The fields.
    pub form: &'a Form,
    /// Bytes of the file.
    pub file_len: u64,
}

/// Verifies the signature of a form and that the form is what its policy allows; `secrets` finds the
/// secret of an access key. A form without a policy is nobody's.
///
/// Errors: `InvalidArgument` for a missing field and for a signature in the head; `AccessDenied` for
/// `x-amz-*` headers, which no policy covers; those of credentials as in [`crate::verify`];
/// `SignatureDoesNotMatch`; `InvalidToken`; `InvalidPolicyDocument`; `AccessDenied`,
/// `EntityTooSmall` and `EntityTooLarge` for what the policy does not allow.
pub fn verify_form(
    call: &FormCall<'_>,
    secrets: Secrets<'_, '_>,
    expect: &Expectation<'_>,
) -> Result<Verified, Error> {
    if Mechanism::of(&call.head)? != Mechanism::None {
        return Err(mechanism::two());
    }
    everything_counts(&call.head, |_| false)?;
    let form = call.form;
    let has = |names: &[&str]| names.iter().any(|name| form.get(name).is_some());
    let version_4 = has(&["x-amz-signature", "x-amz-credential", "x-amz-algorithm"]);
    let version_2 = has(&["signature", "awsaccesskeyid"]);
    if has(&["x-amz-security-token"]) {
        return Err(Error::new(ErrorCode::InvalidToken));
    }
    let access_key = match (version_4, version_2) {
        (true, true) => return Err(mechanism::two()),
        (true, false) => signed_in_version_4(form, secrets, expect)?,
        (false, true) => signed_in_version_2(form, secrets)?,
        (false, false) if form.get("policy").is_some() => {
            form.required("x-amz-signature")?.to_owned()
        }
        (false, false) => return Ok(Verified::anonymous(Payload::Unsigned)),
    };
    let policy = PostPolicy::parse(form.required("policy")?)?;
    policy.judge(form, call.bucket, call.file_len, expect.now)?;
    Ok(Verified::signed(access_key, Payload::Unsigned))
}

fn signed_in_version_4(
    form: &Form,
    secrets: Secrets<'_, '_>,
    expect: &Expectation<'_>,
) -> Result<String, Error> {
    let policy = form.required("policy")?;
    if form.required("x-amz-algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(Error::new(ErrorCode::InvalidArgument)
            .with_message("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
            .with_detail("ArgumentName", "x-amz-algorithm"));
    }
    let (access_key, scope) = parse_credential(form.required("x-amz-credential")?)?;
    let time = scope::parse_basic(form.required("x-amz-date")?).ok_or_else(|| {
        Error::new(ErrorCode::InvalidArgument)
            .with_message("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
            .with_detail("ArgumentName", "x-amz-date")
    })?;
    let signature = form.required("x-amz-signature")?;
    scope_fits(&scope, time, expect).map_err(in_query)?;
    let secret = secret_of(access_key, secrets)?;
    if time - expect.now > expect.limits.skew_max || expect.now - time > SIGNED_FOR {
        return Err(Error::new(ErrorCode::AccessDenied).with_message("Request has expired"));
    }
    let key = SigningKey::derive(secret, &scope.date, &scope.region);
    if key.verify(policy, signature) {
        return Ok(access_key.to_owned());
    }
    Err(mismatch(access_key))
}

fn signed_in_version_2(form: &Form, secrets: Secrets<'_, '_>) -> Result<String, Error> {
    let policy = form.required("policy")?;
    let access_key = form.required("awsaccesskeyid")?;
    let signature = form.required("signature")?;
    let secret = secret_of(access_key, secrets)?;
    if v2::is_signed(secret, policy.as_bytes(), signature) {
        return Ok(access_key.to_owned());
    }
    Err(mismatch(access_key))
}

/// Without the policy, which may hold a customer's key.
fn mismatch(access_key: &str) -> Error {
    Error::new(ErrorCode::SignatureDoesNotMatch).with_detail("AWSAccessKeyId", access_key)
}
