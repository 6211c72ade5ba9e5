//! `DeleteObjects`: its request `Delete` and its answer `DeleteResult`.

use crate::Error;
use crate::ErrorCode;
use crate::ObjectName;

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
    let _ = xml;
    Err(Error::new(ErrorCode::NotImplemented))
}

/// Renders a request for the backend.
#[must_use]
pub fn render_request(request: &DeleteRequest) -> String {
    let _ = request;
    String::new()
}

/// Parses the backend's answer.
pub fn parse_result(xml: &[u8]) -> Result<DeleteResult, Error> {
    let _ = xml;
    Err(Error::new(ErrorCode::NotImplemented))
}

/// Renders an answer for the client.
#[must_use]
pub fn render_result(result: &DeleteResult) -> String {
    let _ = result;
    String::new()
}
