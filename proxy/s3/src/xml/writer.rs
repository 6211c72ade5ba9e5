//! Escaping, so that any text a key may hold survives a parser.

use std::fmt::Write;

/// The XML declaration that S3 puts first.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Appends `<name>text</name>`.
pub(super) fn element(xml: &mut String, name: &str, text: &str) {
    let _ = write!(xml, "<{name}>{}</{name}>", escape(text));
}

/// Appends `<name>text</name>` when there is a text.
pub(super) fn optional(xml: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        element(xml, name, text);
    }
}

/// `text` as XML content. Control characters become references, as S3 writes them: a parser would
/// otherwise turn a carriage return into a line feed.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(escaped, "&#x{:x};", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}
