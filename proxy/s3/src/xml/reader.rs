//! A bounded pull reader that knows where in the document everything stands, so that a rewrite
//! can leave all else byte for byte. No DOCTYPE, no entities but the predefined ones.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use crate::Error;
use crate::ErrorCode;

/// Elements inside elements; S3's own bodies have five levels.
const DEPTH_MAX: usize = 16;

/// An element that has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Names from below the root down to this element, without prefixes, joined by `/`.
    pub(super) path: String,
    /// Its own text, references resolved.
    pub(super) text: String,
    /// Where it stands, tags included.
    pub(super) outer: Range<usize>,
    /// Where its content stands.
    pub(super) inner: Range<usize>,
}

/// Calls `ended` for each element below the root `root`, when it ends.
pub(super) fn read(
    xml: &[u8],
    root: &str,
    ended: &mut dyn FnMut(Element) -> Result<(), Error>,
) -> Result<(), Error> {
    let text = std::str::from_utf8(xml).map_err(|_| malformed())?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut roots = 0;
    loop {
        let start = position(&reader)?;
        let event = reader.read_event().map_err(|_| malformed())?;
        let end = position(&reader)?;
        match event {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if open.is_empty() {
                    roots += 1;
                    if roots > 1 || name != root {
                        return Err(malformed());
                    }
                }
                if open.len() >= DEPTH_MAX {
                    return Err(malformed());
                }
                open.push(Open {
                    name,
                    text: String::new(),
                    start,
                    content: end,
                });
            }
            Event::End(_) => {
                let closed = open.pop().ok_or_else(malformed)?;
                if !open.is_empty() {
                    let path = open
                        .iter()
                        .skip(1)
                        .chain([&closed])
                        .map(|open| open.name.as_str());
                    let path = path.collect::<Vec<_>>().join("/");
                    let inner = closed.content..start.max(closed.content);
                    ended(Element {
                        path,
                        text: closed.text,
                        outer: closed.start..end,
                        inner,
                    })?;
                }
            }
            Event::Text(piece) => append(&mut open, piece.as_ref())?,
            Event::CData(piece) => append(&mut open, piece.as_ref())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(|_| malformed())? {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(reference.as_ref())
                        .ok_or_else(malformed)?
                        .to_owned(),
                };
                append(&mut open, &character)?;
            }
            Event::DocType(_) | Event::Empty(_) => return Err(malformed()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if open.is_empty() && roots == 1 => return Ok(()),
            Event::Eof => return Err(malformed()),
        }
    }
}

/// `xml` with the given ranges replaced; they are in order and do not overlap.
pub(super) fn splice(xml: &[u8], edits: &[(Range<usize>, String)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(xml.len());
    let mut at = 0;
    for (range, text) in edits {
        out.extend_from_slice(xml.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(text.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(xml.get(at..).unwrap_or_default());
    out
}

pub(super) fn malformed() -> Error {
    Error::new(ErrorCode::MalformedXml)
}

struct Open {
    name: String,
    text: String,
    start: usize,
    content: usize,
}

fn append(open: &mut [Open], piece: &str) -> Result<(), Error> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        None if piece.trim().is_empty() => {}
        None => return Err(malformed()),
    }
    Ok(())
}

fn position(reader: &Reader<&[u8]>) -> Result<usize, Error> {
    usize::try_from(reader.buffer_position()).map_err(|_| malformed())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn elements(xml: &str) -> Result<Vec<(String, String)>, Error> {
        let mut seen = Vec::new();
        read(xml.as_bytes(), "R", &mut |element| {
            seen.push((element.path, element.text));
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn resolves_references_and_keeps_blanks() {
        let xml = "<?xml version=\"1.0\"?>\n<R xmlns=\"u\"><a>&lt; &#13;x<![CDATA[<]]> </a></R>";
        assert_eq!(elements(xml).unwrap(), [("a".into(), "< \rx< ".into())]);
    }

    #[test]
    fn names_where_things_stand() {
        let xml = "<R><a>1</a><b><c/></b></R>";
        let mut seen = Vec::new();
        read(xml.as_bytes(), "R", &mut |element| {
            seen.push((
                element.path,
                xml[element.outer].to_owned(),
                xml[element.inner].to_owned(),
            ));
            Ok(())
        })
        .unwrap();
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let expected = [
            owned("a", "<a>1</a>", "1"),
            owned("b/c", "<c/>", ""),
            owned("b", "<b><c/></b>", "<c/>"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn refuses_what_s3_never_sends() {
        let deep = format!(
            "<R>{}{}</R>",
            "<a>".repeat(DEPTH_MAX),
            "</a>".repeat(DEPTH_MAX)
        );
        for xml in [
            "",
            "<R>",
            "<X/>",
            "<R/><R/>",
            "text<R/>",
            "<R><a></R>",
            "<R>&unknown;</R>",
            "<!DOCTYPE R [<!ENTITY a \"b\">]><R>&a;</R>",
            deep.as_str(),
        ] {
            assert!(elements(xml).is_err(), "{xml}");
        }
        let levels = DEPTH_MAX - 1;
        let full = format!("<R>{}{}</R>", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(elements(&full).is_ok());
    }
}
