//! Writing XML: escaping, elements, and edits of a document that keep everything else.

use std::fmt::Write as _;
use std::ops::Range;

use crate::ChecksumAlgorithm;

/// The first line of every document.
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Appends `<name>text</name>`.
pub(super) fn element(xml: &mut String, name: &str, text: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    escape(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Appends `<name>text</name>` when there is a text.
pub(super) fn optional(xml: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        element(xml, name, text);
    }
}

/// As in `<ChecksumCRC32>`.
pub(super) fn checksum_name(algorithm: ChecksumAlgorithm) -> String {
    format!("Checksum{}", algorithm.name())
}

/// Appends a checksum; `value` as clients see it.
pub(super) fn checksum(xml: &mut String, algorithm: ChecksumAlgorithm, value: &str) {
    element(xml, &checksum_name(algorithm), value);
}

/// Appends `text` so that a reader gets it back to the letter. Control characters become
/// references, as S3 writes them for names that contain some: XML 1.0 has no other way.
pub(super) fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // No reference may name this one.
            '\0' => xml.push(char::REPLACEMENT_CHARACTER),
            '\n' | '\t' => xml.push(character),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(xml, "&#x{:X};", u32::from(c));
            }
            _ => xml.push(character),
        }
    }
}

/// `xml` with each range replaced by its text; `None` when ranges overlap or lie outside.
pub(super) fn splice(xml: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Option<Vec<u8>> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut spliced = Vec::with_capacity(xml.len());
    let mut copied = 0;
    for (range, text) in edits {
        spliced.extend_from_slice(xml.get(copied..range.start)?);
        spliced.extend_from_slice(text.as_bytes());
        copied = range.end;
    }
    spliced.extend_from_slice(xml.get(copied..)?);
    Some(spliced)
}
