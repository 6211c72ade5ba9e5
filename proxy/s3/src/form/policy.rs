//! The policy of a form: which fields it may have, with which values, and until when
//! (AWS, "POST policy").

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Error;
use crate::ErrorCode;
use crate::form::Form;
use crate::form::fields::is_exempt;
use crate::form::fields::is_secret;

/// What the maker of a form allows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PostPolicy {
    expiration: OffsetDateTime,
    conditions: Vec<Condition>,
}

#[derive(Debug, PartialEq, Eq)]
enum Condition {
    Equal { field: String, value: String },
    StartsWith { field: String, prefix: String },
    FileLen(RangeInclusive<u64>),
}

impl PostPolicy {
    /// Parses the document in the field `policy`, base64 of JSON.
    ///
    /// Errors: `InvalidPolicyDocument`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let json = STANDARD
            .decode(text.trim())
            .map_err(|_| invalid("Invalid Base64 Encoding."))?;
        let document: Value =
            serde_json::from_slice(&json).map_err(|_| invalid("Invalid JSON."))?;
        let member = |name: &str| {
            let members = document.as_object()?.iter();
            let mut found = members.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value)
        };
        let expiration =
            member("expiration").ok_or_else(|| invalid("Policy missing expiration."))?;
        let expiration = expiration
            .as_str()
            .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok())
            .ok_or_else(|| invalid("Invalid 'expiration' value."))?;
        let conditions =
            member("conditions").ok_or_else(|| invalid("Policy missing conditions."))?;
        let conditions = conditions
            .as_array()
            .ok_or_else(|| invalid("Invalid 'conditions' value: must be a List."))?;
        let mut parsed = Vec::with_capacity(conditions.len());
        for condition in conditions {
            match condition {
                Value::Object(members) => parsed.extend(equals(members)?),
                Value::Array(items) => parsed.push(Condition::parse(items)?),
                _ => return Err(invalid("Invalid condition: must be an Object or a List.")),
            }
        }
        Ok(Self {
            expiration,
            conditions: parsed,
        })
    }

    /// Whether `form`, sent to `bucket` with a file of `file_len` bytes, is what the policy allows.
    ///
    /// Errors: `AccessDenied` with S3's texts; `EntityTooSmall` and `EntityTooLarge`.
    pub fn judge(
        &self,
        form: &Form,
        bucket: &str,
        file_len: u64,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        if self.expiration < now {
            return Err(denied("Policy expired."));
        }
        let key = form.key()?;
        let value_of = |field: &str| match field {
            "bucket" => Some(bucket),
            "key" => Some(key.as_str()),
            _ => form.get(field),
        };
        for condition in &self.conditions {
            condition.holds(&value_of, file_len)?;
        }
        self.speaks_of_all(form)
    }

    /// Every field needs a condition, and so does the bucket: else the form would do for others.
    fn speaks_of_all(&self, form: &Form) -> Result<(), Error> {
        let speaks_of = |name: &str| {
            self.conditions.iter().any(|condition| match condition {
                Condition::Equal { field, .. } | Condition::StartsWith { field, .. } => {
                    field == name
                }
                Condition::FileLen(_) => false,
            })
        };
        let extra: Vec<&str> = std::iter::once("bucket")
            .chain(form.names())
            .filter(|name| !is_exempt(name) && !speaks_of(name))
            .collect();
        if extra.is_empty() {
            return Ok(());
        }
        Err(denied(&format!("Extra input fields: {}", extra.join(", "))))
    }
}

impl Condition {
    /// `["eq", "$key", "value"]` and its like.
    fn parse(items: &[Value]) -> Result<Self, Error> {
        let [operator, first, second] = items else {
            return Err(invalid("Invalid condition: must have three entries."));
        };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            let (Some(least), Some(most)) = (number(first), number(second)) else {
                return Err(invalid(
                    "Invalid content-length-range: must be two numbers.",
                ));
            };
            return Ok(Self::FileLen(least..=most));
        }
        let field = first.as_str().and_then(|field| field.strip_prefix('$'));
        let (Some(field), Some(value)) = (field, second.as_str()) else {
            return Err(invalid(
                "Invalid condition: must compare a $field with a text.",
            ));
        };
        let (field, value) = (field.to_ascii_lowercase(), value.to_owned());
        match &*operator {
            "eq" => Ok(Self::Equal { field, value }),
            "starts-with" => Ok(Self::StartsWith {
                field,
                prefix: value,
            }),
            _ => Err(invalid("Invalid condition: unknown operator.")),
        }
    }

    fn holds<'a>(
        &self,
        value_of: &dyn Fn(&str) -> Option<&'a str>,
        file_len: u64,
    ) -> Result<(), Error> {
        let holds = match self {
            Self::Equal { field, value } => value_of(field) == Some(value),
            Self::StartsWith { field, prefix } => {
                // A field that is left out is an empty one.
                let value = value_of(field).unwrap_or_default();
                match &**field {
                    // "If the value is a list, each entry must meet the condition."
                    "content-type" => value
                        .split(',')
                        .all(|entry| entry.trim_start().starts_with(prefix)),
                    _ => value.starts_with(prefix),
                }
            }
            Self::FileLen(range) => return within(range, file_len),
        };
        if holds {
            return Ok(());
        }
        Err(denied(&format!("Policy Condition failed: {self}")))
    }
}

impl std::fmt::Display for Condition {
    /// As JSON, for the error's text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (operator, field, value) = match self {
            Self::Equal { field, value } => ("eq", field, value),
            Self::StartsWith { field, prefix } => ("starts-with", field, prefix),
            Self::FileLen(range) => {
                return write!(
                    f,
                    "[\"content-length-range\", {}, {}]",
                    range.start(),
                    range.end()
                );
            }
        };
        let shown = if is_secret(field) { "***" } else { value };
        let (field, shown) = (Value::from(format!("${field}")), Value::from(shown));
        write!(f, "[\"{operator}\", {field}, {shown}]")
    }
}

/// `{"acl": "private", …}`.
fn equals(members: &Map<String, Value>) -> Result<Vec<Condition>, Error> {
    let members = members.iter().map(|(field, value)| {
        let value = value
            .as_str()
            .ok_or_else(|| invalid("Invalid simple condition: value must be a text."))?;
        Ok(Condition::Equal {
            field: field.to_ascii_lowercase(),
            value: value.to_owned(),
        })
    });
    members.collect()
}

/// Libraries write numbers as texts, too.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        _ => value.as_u64(),
    }
}

fn within(range: &RangeInclusive<u64>, file_len: u64) -> Result<(), Error> {
    let (code, limit, bound) = if file_len < *range.start() {
        (ErrorCode::EntityTooSmall, "MinSizeAllowed", range.start())
    } else if file_len > *range.end() {
        (ErrorCode::EntityTooLarge, "MaxSizeAllowed", range.end())
    } else {
        return Ok(());
    };
    Err(Error::new(code)
        .with_detail("ProposedSize", file_len.to_string())
        .with_detail(limit, bound.to_string()))
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorCode::InvalidPolicyDocument).with_message(format!("Invalid Policy: {why}"))
}

fn denied(why: &str) -> Error {
    Error::new(ErrorCode::AccessDenied).with_message(format!("Invalid according to Policy: {why}"))
}
