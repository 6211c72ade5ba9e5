//! Bucket policies that test how clients ask for encryption. A backend behind a gateway that seals
//! never sees those headers, so the statements that test them are judged on the client's own.
//!
//! AWS, "IAM JSON policy elements": `Condition`, its operators, and how several keys and values count.

use http::HeaderValue;
use serde_json::Map;
use serde_json::Value;

use crate::Dialect;
use crate::Error;
use crate::ErrorCode;
use crate::SseAsked;
use crate::SseHeader;

/// A policy, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketPolicy {
    /// What is judged here.
    denials: Vec<Denial>,
    /// The policy without that; nothing where no statement is left.
    pub rest: Option<String>,
}

/// A call, as a policy sees it.
#[derive(Clone, Copy)]
pub struct PolicyCall<'a> {
    /// The names of who calls: of the client, and of its access key. None: nobody signed.
    pub names: &'a [&'a str],
    /// `PutObject`, `GetObject`.
    pub action: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// The object.
    pub object: &'a str,
    /// What is asked for.
    pub asked: &'a SseAsked<'a>,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

/// A `Deny` that tests encryption.
#[derive(Clone, Debug, PartialEq)]
struct Denial {
    sid: String,
    /// None: everybody.
    principals: Option<Vec<String>>,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    operator: Operator,
    /// A key that is not there fulfils it.
    if_exists: bool,
    key: Key,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Null,
    Bool,
    Equals,
    NotEquals,
    Like,
    NotLike,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Header(SseHeader, Dialect),
    SecureTransport,
}

impl BucketPolicy {
    /// Takes a document apart.
    ///
    /// Errors: `MalformedPolicy` for what is no policy, `NotImplemented` for a statement that tests
    /// encryption and cannot be judged: it would be believed to protect.
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let mut document: Map<String, Value> =
            serde_json::from_slice(document).map_err(|_| malformed())?;
        let statements = match document.remove("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(malformed()),
        };
        let mut denials = Vec::new();
        let mut rest = Vec::new();
        for statement in statements {
            let statement = statement.as_object().ok_or_else(malformed)?;
            if tests_encryption(statement) {
                denials.push(Denial::parse(statement)?);
            } else {
                rest.push(Value::Object(statement.clone()));
            }
        }
        let left = !rest.is_empty();
        document.insert("Statement".to_owned(), Value::Array(rest));
        let rest = left.then(|| Value::Object(document).to_string());
        Ok(Self { denials, rest })
    }

    /// Whether any statement is judged here.
    #[must_use]
    pub fn judges(&self) -> bool {
        !self.denials.is_empty()
    }

    /// The `Sid` of a statement that denies the call; empty where it has none.
    #[must_use]
    pub fn denies(&self, call: &PolicyCall<'_>) -> Option<&str> {
        let denial = self.denials.iter().find(|denial| denial.fits(call));
        denial.map(|denial| denial.sid.as_str())
    }
}

impl Denial {
    fn parse(statement: &Map<String, Value>) -> Result<Self, Error> {
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "Action",
            "Resource",
            "Condition",
        ];
        if let Some(other) = statement
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            return Err(unjudged(other));
        }
        if statement.get("Effect").and_then(Value::as_str) != Some("Deny") {
            return Err(unjudged("Effect"));
        }
        let texts = |name| texts(statement.get(name)).ok_or_else(malformed);
        let conditions = statement.get("Condition").and_then(Value::as_object);
        Ok(Self {
            sid: statement
                .get("Sid")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            principals: principals(statement.get("Principal"))?,
            actions: texts("Action")?,
            resources: texts("Resource")?,
            conditions: parse_conditions(conditions.ok_or_else(malformed)?)?,
        })
    }

    fn fits(&self, call: &PolicyCall<'_>) -> bool {
        let principal = self.principals.as_ref().is_none_or(|principals| {
            let mut names = call.names.iter();
            names.any(|name| principals.iter().any(|principal| principal == name))
        });
        let action = self.actions.iter().any(|action| {
            let action = action
                .split_once(':')
                .map_or(action.as_str(), |(_, action)| action);
            like(
                &action.to_ascii_lowercase(),
                &call.action.to_ascii_lowercase(),
            )
        });
        let path = format!("{}/{}", call.bucket, call.object);
        let resource = self.resources.iter().any(|resource| {
            let pattern = resource.strip_prefix("arn:aws:s3:::").unwrap_or(resource);
            like(pattern, &path)
        });
        principal && action && resource && self.conditions.iter().all(|one| one.holds(call))
    }
}

impl Condition {
    fn holds(&self, call: &PolicyCall<'_>) -> bool {
        let said = self.key.value(call);
        let any = |fits: fn(&str, &str) -> bool| {
            let said = said.as_deref();
            said.map(|said| self.values.iter().any(|value| fits(value, said)))
        };
        match self.operator {
            Operator::Null => {
                let absent = self.values.iter().any(|value| value == "true");
                said.is_none() == absent
            }
            Operator::Bool => any(str::eq_ignore_ascii_case).unwrap_or(self.if_exists),
            Operator::Equals => any(|value, said| value == said).unwrap_or(self.if_exists),
            Operator::Like => any(like).unwrap_or(self.if_exists),
            // A key that is not there differs from every value.
            Operator::NotEquals => !any(|value, said| value == said).unwrap_or(false),
            Operator::NotLike => !any(like).unwrap_or(false),
        }
    }
}

impl Key {
    fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name == "aws:securetransport" || name == "securetransport" {
            return Some(Self::SecureTransport);
        }
        let name = name.split_once(':').map_or(name.as_str(), |(_, name)| name);
        let (header, dialect) = SseHeader::from_name(name)?;
        let told = [
            SseHeader::Mode,
            SseHeader::KeyId,
            SseHeader::CustomerAlgorithm,
            SseHeader::DataEncryption,
        ];
        told.contains(&header)
            .then_some(Self::Header(header, dialect))
    }

    /// What the client said, in the words of the key's dialect.
    fn value(self, call: &PolicyCall<'_>) -> Option<String> {
        match self {
            Self::SecureTransport => Some(call.secure.to_string()),
            Self::Header(header, dialect) => {
                let said = call.asked.value(header).map(HeaderValue::as_bytes)?;
                let said = String::from_utf8_lossy(said);
                Some(match (header, call.asked.dialect(), dialect, &*said) {
                    (SseHeader::Mode, Dialect::Obs, Dialect::S3, "kms") => "aws:kms".to_owned(),
                    (SseHeader::Mode, Dialect::S3, Dialect::Obs, "aws:kms") => "kms".to_owned(),
                    _ => said.into_owned(),
                })
            }
        }
    }
}

fn parse_conditions(conditions: &Map<String, Value>) -> Result<Vec<Condition>, Error> {
    let mut parsed = Vec::new();
    for (name, tests) in conditions {
        let (base, if_exists) = match name.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (name.as_str(), false),
        };
        let operator = match base {
            "Null" if !if_exists => Operator::Null,
            "Bool" => Operator::Bool,
            "StringEquals" => Operator::Equals,
            "StringNotEquals" => Operator::NotEquals,
            "StringLike" => Operator::Like,
            "StringNotLike" => Operator::NotLike,
            _ => return Err(unjudged(name)),
        };
        for (key, values) in tests.as_object().ok_or_else(malformed)? {
            parsed.push(Condition {
                operator,
                if_exists,
                key: Key::parse(key).ok_or_else(|| unjudged(key))?,
                values: texts(Some(values)).ok_or_else(malformed)?,
            });
        }
    }
    // With `IfExists` a key that is not there fulfils the negated operators as well: it does so anyway.
    Ok(parsed)
}

fn tests_encryption(statement: &Map<String, Value>) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else {
        return false;
    };
    let keys = conditions
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    keys.map(|key| key.to_ascii_lowercase()).any(|key| {
        key.contains("server-side-encryption") || key.contains("server-side-data-encryption")
    })
}

/// Whom a statement is about, by the last word of their names; none means everybody.
fn principals(principal: Option<&Value>) -> Result<Option<Vec<String>>, Error> {
    let whom = match principal {
        Some(Value::String(all)) if all == "*" => return Ok(None),
        Some(Value::Object(by_kind)) => {
            let mut kinds = by_kind.iter();
            match (kinds.next(), kinds.next()) {
                (Some((kind, named)), None) if kind == "AWS" || kind == "ID" => named,
                _ => return Err(unjudged("Principal")),
            }
        }
        _ => return Err(unjudged("Principal")),
    };
    let mut names = Vec::new();
    for text in texts(Some(whom)).ok_or_else(malformed)? {
        if text == "*" {
            return Ok(None);
        }
        let user = if text.starts_with("arn:") || text.contains('/') {
            text.rsplit_once("user/").map(|(_, name)| name.to_owned())
        } else {
            Some(text)
        };
        let whole = |name: &String| !name.is_empty() && !name.contains(['*', '?', '/', ':']);
        names.push(user.filter(whole).ok_or_else(|| unjudged("Principal"))?);
    }
    Ok(Some(names))
}

/// A text, or several; booleans count as texts.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value? {
        Value::Array(values) => values.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

/// `*` for any characters, `?` for one.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at) {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(one) if *one == b'?' || one == byte => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    at = from + 1;
                    of = back + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(of).all(|byte| *byte == b'*')
}

fn malformed() -> Error {
    Error::new(ErrorCode::MalformedPolicy)
}

fn unjudged(what: &str) -> Error {
    Error::new(ErrorCode::NotImplemented).with_message(format!(
        "A statement that tests server-side encryption cannot be judged with this `{what}`."
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
