//! Method, target, query and headers → [`Operation`].
//!
//! Closed: a parameter that could change what a request means and that its operation does not
//! know makes it [`Operation::Unknown`]. `GET /b/k?x-image-process=…` must never be taken for a
//! plain GetObject, for it returns other bytes.

use http::HeaderMap;
use http::Method;

use crate::Operation;
use crate::Query;
use crate::Target;

/// Names the operation; see the module's words on what is refused.
///
/// `partNumber` and `versionId` leave a GetObject a GetObject: the caller reads the query.
#[must_use]
pub fn route(method: &Method, target: &Target, query: &Query, headers: &HeaderMap) -> Operation {
    let _ = (method, target, query, headers);
    Operation::Unknown
}
