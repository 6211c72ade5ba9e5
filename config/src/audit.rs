//! Where decisions are recorded: `stdout` or `{file: PATH}`.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde::de::value::MapAccessDeserializer;

/// Where the audit log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audit {
    /// To the standard output of the process.
    Stdout,
    /// To the end of a file, which is made when it is not there.
    File(PathBuf),
}

/// The section `audit`, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RawAudit {
    Stdout,
    File(String),
}

impl<'de> Deserialize<'de> for RawAudit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AuditVisitor)
    }
}

struct AuditVisitor;

impl<'de> de::Visitor<'de> for AuditVisitor {
    type Value = RawAudit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`stdout` or `{file: PATH}`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawAudit, E> {
        match text {
            "stdout" => Ok(RawAudit::Stdout),
            _ => Err(E::custom("write `stdout` or `{file: PATH}`")),
        }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RawAudit, A::Error> {
        match RawFile::deserialize(MapAccessDeserializer::new(map))?.file {
            Some(path) if !path.is_empty() => Ok(RawAudit::File(path)),
            _ => Err(de::Error::custom("name a `file`")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    file: Option<String>,
}
