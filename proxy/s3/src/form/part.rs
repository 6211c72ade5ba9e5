//! The head of one part of a form.

use crate::Error;
use crate::form::malformed;
use crate::percent;

/// What `Content-Disposition` says of a part (RFC 7578 §4.2). Its other headers say nothing that S3
/// knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The field's name in lower case: S3 does not tell cases apart.
    pub name: String,
    /// The name of the file, without the folders that some browsers send along.
    pub file_name: Option<String>,
}

impl PartHead {
    /// Parses the lines of a head, without the empty one that ends it.
    pub fn parse(lines: &[u8]) -> Result<Self, Error> {
        let lines = std::str::from_utf8(lines).map_err(|_| malformed())?;
        let mut dispositions = lines.split("\r\n").filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case("content-disposition")
                .then_some(value)
        });
        let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else {
            return Err(malformed());
        };
        let (mut name, mut file_name, mut extended) = (None, None, None);
        for (parameter, value) in parameters(disposition)? {
            let place = match parameter.as_str() {
                "name" => &mut name,
                "filename" => &mut file_name,
                "filename*" => &mut extended,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(malformed());
            }
        }
        let extended = extended.map(|value| decode_extended(&value).ok_or_else(malformed));
        let file_name = extended.transpose()?.or(file_name);
        let base = |path: String| {
            path.rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        Ok(Self {
            name: name.ok_or_else(malformed)?.to_ascii_lowercase(),
            file_name: file_name.map(base),
        })
    }
}

/// The parameters after `form-data`: names in lower case, values without their quotes.
fn parameters(disposition: &str) -> Result<Vec<(String, String)>, Error> {
    let (kind, mut rest) = disposition.split_once(';').unwrap_or((disposition, ""));
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(malformed());
    }
    let mut parameters = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(malformed)?;
        let (value, after) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            unquote(quoted).ok_or_else(malformed)?
        } else {
            let (value, after) = after.split_once(';').unwrap_or((after, ""));
            (value.trim().to_owned(), after)
        };
        parameters.push((name.trim().to_ascii_lowercase(), value));
        rest = after;
    }
    Ok(parameters)
}

/// The text up to the closing quote, and what follows the semicolon behind it. A backslash only
/// escapes a quote or itself: elsewhere it stands in a path of Windows.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let rest = quoted.get(at + 1..)?.trim_start();
                return match rest.strip_prefix(';') {
                    Some(rest) => Some((value, rest)),
                    None => rest.is_empty().then_some((value, "")),
                };
            }
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            _ => value.push(character),
        }
    }
    None
}

/// `UTF-8''percent-encoded` (RFC 8187 §3.2).
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent::decode_strict(encoded).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_browsers_and_libraries_write_them() {
        for (line, name, file_name) in [
            ("Content-Disposition: form-data; name=\"key\"", "key", None),
            ("content-disposition:form-data;NAME=Key", "key", None),
            (
                "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b;.txt\"",
                "file",
                Some("a b;.txt"),
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a.txt\"",
                "file",
                Some("a.txt"),
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"/tmp/a \\\"b\\\".txt\"",
                "file",
                Some("a \"b\".txt"),
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"x\"; filename*=utf-8''%C3%BC",
                "file",
                Some("\u{fc}"),
            ),
        ] {
            let expected = PartHead {
                name: name.to_owned(),
                file_name: file_name.map(str::to_owned),
            };
            assert_eq!(PartHead::parse(line.as_bytes()), Ok(expected), "{line}");
        }
    }

    #[test]
    fn refuses_heads_that_cannot_be_read() {
        for line in [
            "",
            "Content-Type: text/plain",
            "Content-Disposition: attachment; name=\"key\"",
            "Content-Disposition: form-data",
            "Content-Disposition: form-data; name",
            "Content-Disposition: form-data; name=\"key",
            "Content-Disposition: form-data; name=\"key\"x",
            "Content-Disposition: form-data; name=a; name=b",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
            "Content-Disposition: form-data; name=a; filename*=latin1''a",
            "Content-Disposition: form-data; name=a; filename*=utf-8''%ff",
            "Content-Disposition: form-data; name=\"\u{fc}",
        ] {
            assert_eq!(PartHead::parse(line.as_bytes()), Err(malformed()), "{line}");
        }
        assert!(PartHead::parse(b"Content-Disposition: form-data; name=\"\xff\"").is_err());
    }
}
