//! The fields of a form and what they mean.

use std::fmt;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Uri;

use crate::Error;
use crate::ErrorCode;
use crate::ObjectName;
use crate::header;
use crate::percent;
use crate::xml;

/// Fields that describe the object and are headers of a `PUT`, besides those of `x-amz-*` and `x-obs-*`.
const HEADERS: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
];

/// Fields that prove who made the form; they say nothing of the object.
const PROOF: [&str; 5] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-signature",
];

/// The fields of a form before its file.
#[derive(Default, PartialEq, Eq)]
pub struct Form {
    /// In the order sent; names in lower case, each once.
    fields: Vec<(String, String)>,
    pub(super) file_name: String,
}

/// How a form that succeeded is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// 303 to this address.
    Redirect(String),
    /// 200 without a body.
    Ok,
    /// 201 with a document.
    Created,
    /// 204.
    NoContent,
}

impl Form {
    pub(super) fn add(&mut self, name: String, value: String) -> Result<(), Error> {
        if self.get(&name).is_some() {
            return Err(Error::new(ErrorCode::InvalidArgument)
                .with_message("POST requires that every form field is given once.")
                .with_detail("ArgumentName", name));
        }
        self.fields.push((name, value));
        Ok(())
    }

    /// The value of a field, whose name is in lower case; `key` is as sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|(known, _)| known == name)?;
        Some(&field.1)
    }

    /// The value of a field.
    ///
    /// Errors: `InvalidArgument` without it.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| {
            Error::new(ErrorCode::InvalidArgument)
                .with_message(format!(
                    "Bucket POST must contain a field named '{name}'.  If it is specified, \
                     please check the order of the fields."
                ))
                .with_detail("ArgumentName", name)
                .with_detail("ArgumentValue", "")
        })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The object's name, `${filename}` replaced by that of the file.
    ///
    /// Errors: `InvalidArgument` without one; those of [`ObjectName::parse`].
    pub fn key(&self) -> Result<ObjectName, Error> {
        let key = self.required("key")?;
        ObjectName::parse(&key.replace("${filename}", &self.file_name))
    }

    /// The headers of a `PUT` that stores the same object; `file_len` is the length of the file,
    /// bytes.
    ///
    /// Errors: `InvalidArgument` for a value that no header can have, `MalformedXML` for tags.
    pub fn headers(&self, file_len: u64) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(file_len));
        for (field, text) in &self.fields {
            let foreign = field.starts_with("x-amz-") || field.starts_with("x-obs-");
            let described = HEADERS.contains(&&**field) || foreign;
            let (name, value) = match &**field {
                "acl" => ("x-amz-acl", text.clone()),
                "tagging" => ("x-amz-tagging", xml::tagging::as_header(text.as_bytes())?),
                name if described && !PROOF.contains(&name) => (name, text.clone()),
                _ => continue,
            };
            let unfit = || {
                Error::new(ErrorCode::InvalidArgument)
                    .with_message("The value of a form field is invalid.")
                    .with_detail("ArgumentName", name)
            };
            let name = HeaderName::try_from(name).map_err(|_| unfit())?;
            let value = HeaderValue::try_from(value.as_bytes()).map_err(|_| unfit())?;
            if headers.insert(name, value).is_some() {
                return Err(unfit());
            }
        }
        Ok(headers)
    }

    /// How success is answered. What cannot be understood counts as not said.
    #[must_use]
    pub fn success(&self) -> Success {
        let redirect = self.get("success_action_redirect").or(self.get("redirect"));
        let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        let redirect = redirect.filter(|text| text.parse().is_ok_and(|uri: Uri| is_web(&uri)));
        match (redirect, self.get("success_action_status")) {
            (Some(address), _) => Success::Redirect(address.to_owned()),
            (None, Some("200")) => Success::Ok,
            (None, Some("201")) => Success::Created,
            (None, _) => Success::NoContent,
        }
    }
}

impl Success {
    /// The address of a redirect, with what was stored in its query.
    #[must_use]
    pub fn location(address: &str, bucket: &str, key: &str, etag: &str) -> String {
        let joint = if address.contains('?') { '&' } else { '?' };
        let encode = |text: &str| percent::encode(text.as_bytes());
        format!(
            "{address}{joint}bucket={}&key={}&etag={}",
            encode(bucket),
            encode(key),
            encode(etag),
        )
    }
}

impl fmt::Debug for Form {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Fields that a policy need not speak of.
pub(crate) fn is_exempt(name: &str) -> bool {
    matches!(
        name,
        "x-amz-signature" | "awsaccesskeyid" | "signature" | "file" | "policy"
    ) || name.starts_with("x-ignore-")
}

/// Whether the value of a field is a secret of the client.
pub(crate) fn is_secret(name: &str) -> bool {
    header::is_sensitive(name) || matches!(name, "signature" | "x-amz-signature")
}
