//! `DeleteObjects`: its request `Delete` and its answer `DeleteResult`.

use crate::Error;
use crate::ErrorCode;
use crate::ObjectName;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;
use crate::xml::write;

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
///
/// Errors: `MaxMessageLengthExceeded` beyond [`REQUEST_LEN_MAX`]; `MalformedXML` for what is no
/// such request, without objects, with more than [`OBJECTS_MAX`], or with an element we do not
/// know (it may be a condition, and a condition that is dropped deletes too much);
/// `KeyTooLongError`.
pub fn parse_request(xml: &[u8]) -> Result<DeleteRequest, Error> {
    if xml.len() > REQUEST_LEN_MAX {
        return Err(Error::new(ErrorCode::MaxMessageLengthExceeded));
    }
    let root = Element::parse(xml).map_err(malformed_request)?;
    only(&root, "Delete", &["Quiet", "Object"]).map_err(malformed_request)?;
    let quiet = root
        .text_of("Quiet")
        .map_err(malformed_request)?
        .unwrap_or_default();
    let objects = root
        .all("Object")
        .map(request_object)
        .collect::<Result<Vec<_>, _>>()?;
    if objects.is_empty() || objects.len() > OBJECTS_MAX {
        return Err(Error::new(ErrorCode::MalformedXml));
    }
    Ok(DeleteRequest {
        quiet: is_true(quiet),
        objects,
    })
}

/// Renders a request for the backend; undoes [`parse_request`].
#[must_use]
pub fn render_request(request: &DeleteRequest) -> String {
    let mut xml = write::DECLARATION.to_owned();
    xml.push_str("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    if request.quiet {
        write::element(&mut xml, "Quiet", "true");
    }
    for object in &request.objects {
        xml.push_str("<Object>");
        write::element(&mut xml, "Key", object.key.as_str());
        write::optional(&mut xml, "VersionId", object.version_id.as_deref());
        write::optional(&mut xml, "ETag", object.etag.as_deref());
        xml.push_str("</Object>");
    }
    xml.push_str("</Delete>");
    xml
}

/// Parses the backend's answer; `InternalError` when it is none.
pub fn parse_result(xml: &[u8]) -> Result<DeleteResult, Error> {
    try_parse_result(xml).map_err(|Malformed| Error::new(ErrorCode::InternalError))
}

/// Renders an answer for the client; undoes [`parse_result`].
#[must_use]
pub fn render_result(result: &DeleteResult) -> String {
    let mut xml = write::DECLARATION.to_owned();
    xml.push_str("<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for deleted in &result.deleted {
        xml.push_str("<Deleted>");
        write::element(&mut xml, "Key", &deleted.key);
        write::optional(&mut xml, "VersionId", deleted.version_id.as_deref());
        write::optional(
            &mut xml,
            "DeleteMarker",
            deleted.delete_marker.then_some("true"),
        );
        let marker = deleted.delete_marker_version_id.as_deref();
        write::optional(&mut xml, "DeleteMarkerVersionId", marker);
        xml.push_str("</Deleted>");
    }
    for error in &result.errors {
        xml.push_str("<Error>");
        write::element(&mut xml, "Key", &error.key);
        write::optional(&mut xml, "VersionId", error.version_id.as_deref());
        write::element(&mut xml, "Code", &error.code);
        write::element(&mut xml, "Message", &error.message);
        xml.push_str("</Error>");
    }
    xml.push_str("</DeleteResult>");
    xml
}

fn request_object(object: &Element) -> Result<DeleteObject, Error> {
    only(object, "Object", &["Key", "VersionId", "ETag"]).map_err(malformed_request)?;
    let text = |name| object.text_of(name).map_err(malformed_request);
    let key = text("Key")?.filter(|key| !key.is_empty());
    Ok(DeleteObject {
        key: ObjectName::parse(key.ok_or_else(|| malformed_request(Malformed))?)?,
        version_id: text("VersionId")?
            .filter(|id| !id.is_empty())
            .map(str::to_owned),
        etag: text("ETag")?.map(str::to_owned),
    })
}

fn try_parse_result(xml: &[u8]) -> Result<DeleteResult, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "DeleteResult" && root.name != "DeleteObjectsOutput" {
        return Err(Malformed);
    }
    Ok(DeleteResult {
        deleted: root.all("Deleted").map(deleted).collect::<Result<_, _>>()?,
        errors: root.all("Error").map(error).collect::<Result<_, _>>()?,
    })
}

fn deleted(element: &Element) -> Result<Deleted, Malformed> {
    Ok(Deleted {
        key: element.text_of("Key")?.ok_or(Malformed)?.to_owned(),
        version_id: element.text_of("VersionId")?.map(str::to_owned),
        delete_marker: element.text_of("DeleteMarker")?.is_some_and(is_true),
        delete_marker_version_id: element.text_of("DeleteMarkerVersionId")?.map(str::to_owned),
    })
}

fn error(element: &Element) -> Result<DeleteError, Malformed> {
    let text = |name| {
        element
            .text_of(name)
            .map(|text| text.unwrap_or_default().to_owned())
    };
    Ok(DeleteError {
        key: text("Key")?,
        version_id: element.text_of("VersionId")?.map(str::to_owned),
        code: text("Code")?,
        message: text("Message")?,
    })
}

fn only(element: &Element, name: &str, children: &[&str]) -> Result<(), Malformed> {
    let known = element
        .children
        .iter()
        .all(|child| children.contains(&&*child.name));
    if element.name == name && known {
        Ok(())
    } else {
        Err(Malformed)
    }
}

fn is_true(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true") || text.trim() == "1"
}

fn malformed_request(_: Malformed) -> Error {
    Error::new(ErrorCode::MalformedXml)
}

#[cfg(test)]
mod tests;
