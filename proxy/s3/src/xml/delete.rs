//! `DeleteObjects`: its request `Delete` and its answer `DeleteResult`.

use crate::Error;
use crate::ObjectName;

use super::reader;
use super::reader::malformed;
use super::writer::DECLARATION;
use super::writer::element;
use super::writer::optional;

/// The most objects of one request.
pub const OBJECTS_MAX: usize = 1000;

/// The longest request, in bytes; buffer no more than this.
pub const REQUEST_LEN_MAX: usize = 2 * 1024 * 1024;

/// The body of a `DeleteObjects` request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRequest {
    /// Whether only failures are to be answered.
    pub quiet: bool,
    /// What to delete, 1 to [`OBJECTS_MAX`].
    pub objects: Vec<DeleteObject>,
}

/// One object to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteObject {
    /// The object.
    pub key: ObjectName,
    /// The version; without one, the current.
    pub version_id: Option<String>,
    /// Delete only if this is its `ETag`, as sent.
    pub etag: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteResult {
    /// What was deleted; empty for a quiet request.
    pub deleted: Vec<Deleted>,
    /// What was not.
    pub errors: Vec<DeleteError>,
}

/// One object that was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The object's name.
    pub key: String,
    /// The version that was deleted.
    pub version_id: Option<String>,
    /// Whether a delete marker was made or deleted.
    pub delete_marker: bool,
    /// That marker's version.
    pub delete_marker_version_id: Option<String>,
}

/// One object that was not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteError {
    /// The object's name.
    pub key: String,
    /// The version asked for.
    pub version_id: Option<String>,
    /// The error's code, AWS's spelling.
    pub code: String,
    /// Its text.
    pub message: String,
}

/// Parses a request.
pub fn parse_request(xml: &[u8]) -> Result<DeleteRequest, Error> {
    if xml.len() > REQUEST_LEN_MAX {
        return Err(malformed());
    }
    let mut request = DeleteRequest::default();
    let (mut key, mut version_id, mut etag) = (None, None, None);
    reader::read(xml, "Delete", &mut |element| {
        match element.path.as_str() {
            "Quiet" => request.quiet = element.text.trim().eq_ignore_ascii_case("true"),
            "Object/Key" => key = Some(ObjectName::parse(&element.text)?),
            "Object/VersionId" => version_id = Some(element.text),
            "Object/ETag" => etag = Some(element.text),
            "Object" => request.objects.push(DeleteObject {
                key: key.take().ok_or_else(malformed)?,
                version_id: version_id.take(),
                etag: etag.take(),
            }),
            // Conditions on size or time speak of what the backend stores, not of the plaintext.
            _ => return Err(malformed()),
        }
        if request.objects.len() > OBJECTS_MAX {
            Err(malformed())
        } else {
            Ok(())
        }
    })?;
    if request.objects.is_empty() {
        Err(malformed())
    } else {
        Ok(request)
    }
}

/// Renders a request for the backend.
#[must_use]
pub fn render_request(request: &DeleteRequest) -> String {
    let mut xml = format!("{DECLARATION}<Delete xmlns=\"{NAMESPACE}\">");
    if request.quiet {
        element(&mut xml, "Quiet", "true");
    }
    for object in &request.objects {
        xml.push_str("<Object>");
        element(&mut xml, "Key", object.key.as_str());
        optional(&mut xml, "VersionId", object.version_id.as_deref());
        optional(&mut xml, "ETag", object.etag.as_deref());
        xml.push_str("</Object>");
    }
    xml.push_str("</Delete>");
    xml
}

/// Parses the backend's answer.
pub fn parse_result(xml: &[u8]) -> Result<DeleteResult, Error> {
    let mut result = DeleteResult::default();
    let (mut deleted, mut error) = (Deleted::default(), DeleteError::default());
    reader::read(xml, "DeleteResult", &mut |element| {
        match element.path.as_str() {
            "Deleted" => result.deleted.push(std::mem::take(&mut deleted)),
            "Deleted/Key" => deleted.key = element.text,
            "Deleted/VersionId" => deleted.version_id = Some(element.text),
            "Deleted/DeleteMarker" => deleted.delete_marker = element.text.trim() == "true",
            "Deleted/DeleteMarkerVersionId" => {
                deleted.delete_marker_version_id = Some(element.text);
            }
            "Error" => result.errors.push(std::mem::take(&mut error)),
            "Error/Key" => error.key = element.text,
            "Error/VersionId" => error.version_id = Some(element.text),
            "Error/Code" => error.code = element.text,
            "Error/Message" => error.message = element.text,
            _ => {}
        }
        Ok(())
    })?;
    Ok(result)
}

/// Renders an answer for the client.
#[must_use]
pub fn render_result(result: &DeleteResult) -> String {
    let mut xml = format!("{DECLARATION}<DeleteResult xmlns=\"{NAMESPACE}\">");
    for deleted in &result.deleted {
        xml.push_str("<Deleted>");
        element(&mut xml, "Key", &deleted.key);
        optional(&mut xml, "VersionId", deleted.version_id.as_deref());
        optional(
            &mut xml,
            "DeleteMarker",
            deleted.delete_marker.then_some("true"),
        );
        let marker = deleted.delete_marker_version_id.as_deref();
        optional(&mut xml, "DeleteMarkerVersionId", marker);
        xml.push_str("</Deleted>");
    }
    for error in &result.errors {
        xml.push_str("<Error>");
        element(&mut xml, "Key", &error.key);
        optional(&mut xml, "VersionId", error.version_id.as_deref());
        element(&mut xml, "Code", &error.code);
        element(&mut xml, "Message", &error.message);
        xml.push_str("</Error>");
    }
    xml.push_str("</DeleteResult>");
    xml
}

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(count: usize) -> DeleteRequest {
        let object = |index: usize| DeleteObject {
            key: ObjectName::parse(&format!("k{index}")).unwrap(),
            version_id: None,
            etag: None,
        };
        DeleteRequest {
            quiet: false,
            objects: (0..count).map(object).collect(),
        }
    }

    #[test]
    fn takes_a_thousand_objects_and_not_one_more() {
        for (count, good) in [
            (0, false),
            (1, true),
            (OBJECTS_MAX, true),
            (OBJECTS_MAX + 1, false),
        ] {
            let parsed = parse_request(render_request(&request(count)).as_bytes());
            assert_eq!(parsed.is_ok(), good, "{count}");
        }
    }

    #[test]
    fn refuses_conditions_that_it_does_not_know() {
        let xml = "<Delete><Object><Key>a</Key><Size>5</Size></Object></Delete>";
        assert!(parse_request(xml.as_bytes()).is_err());
        assert!(parse_request(b"<Delete><Object/></Delete>").is_err());
    }

    proptest! {
        #[test]
        fn parsing_inverts_rendering(keys in prop::collection::vec("[^\\x00\\p{Cc}\u{fffe}\u{ffff}]{1,20}", 1..5),
                                     version in prop::option::of("[a-z]{1,4}"), quiet: bool) {
            let objects = keys.iter().map(|key| DeleteObject {
                key: ObjectName::parse(key).unwrap(),
                version_id: version.clone(),
                etag: version.clone(),
            });
            let request = DeleteRequest { quiet, objects: objects.collect() };
            prop_assert_eq!(&parse_request(render_request(&request).as_bytes()).unwrap(), &request);
            let deleted = keys.iter().map(|key| Deleted {
                key: key.clone(), version_id: version.clone(), delete_marker: quiet,
                delete_marker_version_id: version.clone(),
            });
            let errors = keys.iter().map(|key| DeleteError {
                key: key.clone(), version_id: version.clone(), code: "C".into(), message: key.clone(),
            });
            let result = DeleteResult { deleted: deleted.collect(), errors: errors.collect() };
            prop_assert_eq!(parse_result(render_result(&result).as_bytes()).unwrap(), result);
        }
    }
}
