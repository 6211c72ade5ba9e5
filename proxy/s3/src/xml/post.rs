//! The answer to a form that asked for 201.

use crate::xml::write;

/// Renders `<PostResponse>` (AWS, API reference, "POST Object").
#[must_use]
pub fn render(location: &str, bucket: &str, key: &str, etag: &str) -> String {
    let mut xml = write::DECLARATION.to_owned();
    xml.push_str("<PostResponse>");
    write::element(&mut xml, "Location", location);
    write::element(&mut xml, "Bucket", bucket);
    write::element(&mut xml, "Key", key);
    write::element(&mut xml, "ETag", etag);
    xml.push_str("</PostResponse>");
    xml
}
