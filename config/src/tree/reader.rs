//! Reads the events of a YAML text into a tree, past every mistake that leaves the rest readable.

use saphyr_parser::Event;
use saphyr_parser::Marker;
use saphyr_parser::Parser;
use saphyr_parser::ScalarStyle;
use saphyr_parser::ScanError;
use saphyr_parser::Span;
use saphyr_parser::StrInput;
use zeroize::Zeroizing;

use crate::path::Path;
use crate::problem::Position;
use crate::tree::Data;
use crate::tree::Entry;
use crate::tree::Flaw;
use crate::tree::Node;

/// Reads a text that holds one document.
pub(super) fn read(text: &str) -> Result<(Node, Vec<Flaw>), Flaw> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        flaws: Vec::new(),
    };
    let root = reader.document()?;
    Ok((root, reader.flaws))
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    flaws: Vec<Flaw>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Node, Flaw> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    let reason = "a second document begins here, but a file holds only one";
                    self.flaw(position(span.start), &Path::root(), reason);
                    break;
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => root = Some(self.node(event, span, &Path::root())?),
            }
        }
        root.filter(|root| !is_empty(root)).ok_or_else(|| Flaw {
            at: Position::START,
            path: Path::root(),
            reason: "the file is empty".to_owned(),
        })
    }

    fn node(&mut self, event: Event<'t>, span: Span, path: &Path) -> Result<Node, Flaw> {
        let at = position(span.start);
        if path.steps().len() > DEPTH_MAX {
            let reason = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Flaw {
                at,
                path: path.clone(),
                reason,
            });
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (0, false),
        };
        let data = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => self.sequence(path)?,
            Event::MappingStart(..) => self.mapping(path)?,
            // The anchor that it stands for has been reported.
            _ => Data::Mistaken,
        };
        if anchor > 0 {
            self.flaw(
                at,
                path,
                "anchors and aliases are not supported; write the value out",
            );
        }
        if tagged {
            self.flaw(
                at,
                path,
                "tags are not supported; put a text that looks like one in quotes",
            );
            return Ok(Node {
                at,
                data: Data::Mistaken,
            });
        }
        Ok(Node { at, data })
    }

    fn sequence(&mut self, path: &Path) -> Result<Data, Flaw> {
        let mut nodes = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Data::Sequence(nodes));
            }
            let path = path.index(nodes.len());
            if is_null(&event) {
                self.flaw(
                    position(span.start),
                    &path,
                    "is empty; remove it or give it a value",
                );
            }
            nodes.push(self.node(event, span, &path)?);
        }
    }

    fn mapping(&mut self, path: &Path) -> Result<Data, Flaw> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Data::Mapping(entries));
            }
            let at = position(span.start);
            let Event::Scalar(key, ..) = event else {
                self.flaw(at, path, "a key is a text, and nothing else");
                self.node(event, span, path)?;
                self.value(path)?;
                continue;
            };
            let path = path.key(&key);
            let value = self.value(&path)?;
            match entries.iter().find(|entry| entry.key == key) {
                Some(first) => {
                    let reason = format!("is set twice, first in line {}", first.at.line);
                    self.flaw(at, &path, &reason);
                }
                None => entries.push(Entry {
                    key: key.into_owned(),
                    at,
                    value,
                }),
            }
        }
    }

    fn value(&mut self, path: &Path) -> Result<Node, Flaw> {
        let (event, span) = self.next()?;
        if is_null(&event) {
            self.flaw(
                position(span.start),
                path,
                "has no value; remove it or give it one",
            );
        }
        self.node(event, span, path)
    }

    /// The next event; a text that is not YAML ends the reading.
    fn next(&mut self) -> Result<(Event<'t>, Span), Flaw> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn flaw(&mut self, at: Position, path: &Path, reason: &str) {
        self.flaws.push(Flaw {
            at,
            path: path.clone(),
            reason: reason.to_owned(),
        });
    }
}

/// YAML 1.2, core schema: what stands in quotes is a text, and `no` is one too.
fn scalar(text: &str, style: ScalarStyle) -> Data {
    if style != ScalarStyle::Plain {
        return Data::Text(Zeroizing::new(text.to_owned()));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Mistaken,
        "true" | "True" | "TRUE" => Data::Boolean(true),
        "false" | "False" | "FALSE" => Data::Boolean(false),
        _ if is_number(text) => Data::Number,
        _ => Data::Text(Zeroizing::new(text.to_owned())),
    }
}

fn is_null(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, style, ..) => matches!(scalar(text, *style), Data::Mistaken),
        _ => false,
    }
}

/// Rust's own parser of numbers, without the words it knows (`inf`, `nan`), beside hexadecimal
/// and octal ones.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let radix = |prefix, radix| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| u64::from_str_radix(rest, radix).is_ok())
    };
    let decimal = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (decimal && text.parse::<f64>().is_ok()) || radix("0x", 16) || radix("0o", 8)
}

fn is_empty(root: &Node) -> bool {
    matches!(root.data, Data::Mistaken)
}

fn not_yaml(error: &ScanError) -> Flaw {
    let reason = format!("is not YAML from here on: {}", error.info());
    Flaw {
        at: position(*error.marker()),
        path: Path::root(),
        reason,
    }
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// Deeper than any configuration, and far from what the stack holds.
const DEPTH_MAX: usize = 32;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn flaws(text: &str) -> Vec<(usize, usize, String, String)> {
        let flaws = match Node::parse(text) {
            Ok((_, flaws)) => flaws,
            Err(flaw) => vec![flaw],
        };
        let plain = |f: Flaw| (f.at.line, f.at.column, f.path.to_string(), f.reason);
        flaws.into_iter().map(plain).collect()
    }

    #[test]
    fn scalars_are_what_yaml_1_2_says() {
        let kind = |text: &str| match scalar(text, ScalarStyle::Plain) {
            Data::Text(_) => "text",
            Data::Number => "number",
            Data::Boolean(_) => "boolean",
            _ => "null",
        };
        for (expected, texts) in [
            (
                "text",
                &[
                    "no", "yes", "on", "x", "1a", "inf", "nan", "1.2.3", "0xg", "-",
                ][..],
            ),
            (
                "number",
                &["0", "12", "-1", "+1", "1.5", "1e5", ".5", "0x1f", "0o17"],
            ),
            ("boolean", &["true", "False", "TRUE"]),
            ("null", &["", "~", "null", "NULL"]),
        ] {
            for text in texts {
                assert_eq!(kind(text), expected, "{text:?}");
            }
        }
        assert!(matches!(
            scalar("12", ScalarStyle::DoubleQuoted),
            Data::Text(_)
        ));
        assert!(matches!(
            scalar("", ScalarStyle::SingleQuoted),
            Data::Text(_)
        ));
    }

    #[test]
    fn reports_every_repeated_key() {
        let twice = |line, key: &str| {
            (
                line,
                1,
                key.to_owned(),
                format!("is set twice, first in line {}", line - 2),
            )
        };
        assert_eq!(
            flaws("a: 1\nb: 1\na: 2\nb: 2\n"),
            [twice(3, "a"), twice(4, "b")]
        );
    }

    #[test]
    fn reports_values_that_are_not_there() {
        let found = flaws("a:\nb: [x, ~]\n");
        let places: Vec<_> = found
            .iter()
            .map(|(line, _, path, _)| (*line, &**path))
            .collect();
        assert_eq!(places, [(1, "a"), (2, "b[1]")]);
    }

    #[test]
    fn reports_anchors_and_tags_and_keys_that_are_no_text() {
        let found = flaws("a: &x 1\nb: *x\nc: !y 2\n[d]: 3\ne: 4\n");
        let places: Vec<_> = found
            .iter()
            .map(|(line, _, path, _)| (*line, &**path))
            .collect();
        assert_eq!(places, [(1, "a"), (3, "c"), (4, "")]);
    }

    #[test]
    fn an_alias_bomb_costs_nothing() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..60 {
            let p = n - 1;
            let _ = writeln!(text, "a{n}: &a{n} [*a{p}, *a{p}, *a{p}]");
        }
        assert_eq!(flaws(&text).len(), 60);
    }

    #[test]
    fn refuses_a_second_document_and_none() {
        assert_eq!(flaws("a: 1\n---\nb: 1\n").first().map(|f| f.0), Some(2));
        for text in ["", "# nothing\n", "---\n", "~"] {
            assert_eq!(
                flaws(text).first().map(|f| f.3.as_str()),
                Some("the file is empty")
            );
        }
    }

    #[test]
    fn says_where_a_text_stops_being_yaml() {
        let found = flaws("a: 1\nb: [1, 2\nc: 3\n");
        assert_eq!(found.len(), 1);
        assert!(
            found
                .iter()
                .all(|f| f.0 >= 2 && f.3.starts_with("is not YAML")),
            "{found:?}"
        );
    }

    #[test]
    fn takes_32_levels_and_not_one_more() {
        let nested = |depth: usize| "[".repeat(depth) + "x" + &"]".repeat(depth);
        assert_eq!(flaws(&nested(DEPTH_MAX)), []);
        assert_eq!(flaws(&nested(DEPTH_MAX + 1)).len(), 1);
        assert_eq!(flaws(&"[".repeat(100_000)).len(), 1);
    }
}
