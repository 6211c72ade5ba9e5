//! A bounded reader: a document as a tree that remembers where each element stands.
//!
//! No document types, hence no entities but the five of XML itself: nothing can grow.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::BytesRef;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

/// The deepest S3 document has six levels.
const DEPTH_MAX: usize = 16;

/// An element of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// The local name.
    pub name: String,
    /// Where the element stands in the document, tags included.
    pub span: Range<usize>,
    /// Where its content stands; empty for `<a/>`.
    pub inner: Range<usize>,
    /// Its own text with references resolved, that of its children left out.
    pub text: String,
    pub children: Vec<Self>,
}

/// The document is not well-formed, too deep, or uses what we do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Element {
    /// Parses a document; its root.
    pub fn parse(xml: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(xml).map_err(|_| Malformed)?;
        // XML 1.0 §2.2 allows no NUL and has no way to write one: a name that has one would become
        // another name when it is rendered.
        if text.contains('\0') {
            return Err(Malformed);
        }
        let mut reader = Reader::from_str(text);
        let mut builder = Builder::default();
        loop {
            let start = offset(&reader)?;
            let event = reader.read_event().map_err(|_| Malformed)?;
            let end = offset(&reader)?;
            if matches!(event, Event::Eof) {
                return builder.finish();
            }
            builder.take(&event, start..end)?;
        }
    }

    /// The children called `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The child called `name`; `Malformed` when there are several.
    pub fn one(&self, name: &str) -> Result<Option<&Self>, Malformed> {
        let mut children = self.children.iter().filter(|child| child.name == name);
        let first = children.next();
        if children.next().is_some() {
            Err(Malformed)
        } else {
            Ok(first)
        }
    }

    /// The text of the one child called `name`.
    pub fn text_of(&self, name: &str) -> Result<Option<&str>, Malformed> {
        self.one(name)
            .map(|child| child.map(|child| child.text.as_str()))
    }
}

/// The tree so far: elements that are open, from the root on.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Builder {
    fn take(&mut self, event: &Event<'_>, span: Range<usize>) -> Result<(), Malformed> {
        match event {
            Event::Start(tag) => self.begin(tag, span),
            Event::Empty(tag) => {
                self.begin(tag, span.clone())?;
                self.end(span.end..span.end)
            }
            Event::End(_) => self.end(span),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.text(&resolve(reference)?),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::DocType(_) | Event::Eof => Err(Malformed),
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>, span: Range<usize>) -> Result<(), Malformed> {
        if self.open.len() == DEPTH_MAX || self.root.is_some() {
            return Err(Malformed);
        }
        let name = tag.local_name().as_ref().to_owned();
        let inner = span.end..span.end;
        self.open.push(Element {
            name,
            span,
            inner,
            ..Element::default()
        });
        Ok(())
    }

    fn end(&mut self, tag: Range<usize>) -> Result<(), Malformed> {
        let mut element = self.open.pop().ok_or(Malformed)?;
        element.inner.end = tag.start;
        element.span.end = tag.end;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(Malformed),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Malformed> {
        self.root.filter(|_| self.open.is_empty()).ok_or(Malformed)
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, Malformed> {
    match reference.resolve_char_ref().map_err(|_| Malformed)? {
        Some(character) => Ok(character.to_string()),
        None => resolve_xml_entity(reference)
            .map(str::to_owned)
            .ok_or(Malformed),
    }
}

fn offset(reader: &Reader<&[u8]>) -> Result<usize, Malformed> {
    usize::try_from(reader.buffer_position()).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::xml::write;

    #[test]
    fn knows_where_everything_stands() {
        let xml = "<?xml version=\"1.0\"?>\n<r a=\"1\"><x:a>1</x:a> <b><c/>\n</b></r>\n";
        let root = Element::parse(xml.as_bytes()).unwrap();
        let at = |range: &Range<usize>| xml.get(range.clone()).unwrap();
        let [a, b] = &root.children[..] else {
            panic!("there are two children");
        };
        assert_eq!((at(&a.span), at(&a.inner)), ("<x:a>1</x:a>", "1"));
        assert_eq!((at(&b.span), at(&b.inner)), ("<b><c/>\n</b>", "<c/>\n"));
        let c = &b.children[0];
        assert_eq!((at(&c.span), at(&c.inner)), ("<c/>", ""));
        assert_eq!((a.name.as_str(), root.text.as_str()), ("a", " "));
    }

    #[test]
    fn documents_are_only_so_deep() {
        let nested = |levels| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(Element::parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(
            Element::parse(nested(DEPTH_MAX + 1).as_bytes()),
            Err(Malformed)
        );
    }

    #[test]
    fn refuses_what_could_grow_or_is_not_whole() {
        for xml in [
            "",
            "a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><a/>",
            "<a/>b",
            "<a>&b;</a>",
            "<a>&#0;</a>",
            "<a>&</a>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a>\0</a>",
        ] {
            assert_eq!(Element::parse(xml.as_bytes()), Err(Malformed), "{xml}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>"), Err(Malformed));
    }

    #[test]
    fn one_refuses_a_choice() {
        let root = Element::parse(b"<r><a>1</a><b/><a>2</a></r>").unwrap();
        assert_eq!(root.one("a"), Err(Malformed));
        assert_eq!(root.text_of("b"), Ok(Some("")));
        assert_eq!(root.text_of("c"), Ok(None));
    }

    proptest! {
        #[test]
        fn parse_undoes_escape(text in "[^\0]{0,40}") {
            let mut xml = String::new();
            write::element(&mut xml, "a", &text);
            prop_assert_eq!(Element::parse(xml.as_bytes()).unwrap().text, text);
        }
    }
}
