//! The JSON of the entry `sealgate`: parse and render, with the rules between members.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;

use super::CUSTOMER;
use super::JSON_LEN_MAX;
use super::decode;
use super::draft::Foot;
use super::draft::KeySource;
use super::encode;
use crate::error::Error;
use crate::size::PART_LEN_MAX;
use crate::size::PARTS_MAX;
use crate::size::PlainLen;
use crate::size::WHOLE_LEN_MAX;
use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;
use crate::wrap::BLOB_LEN;

const VERSION: u64 = 1;
const CONTEXT_LEN_MAX: usize = 512;

/// All members, in the types of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members {
    pub(super) suite: Suite,
    pub(super) layout: Layout,
    pub(super) sse: Sse,
    pub(super) key_id: Option<String>,
    pub(super) project: Option<String>,
    pub(super) bucket_key: bool,
    pub(super) encryption_context: Option<Vec<u8>>,
    pub(super) by: KeySource,
    pub(super) dek_blob: Vec<u8>,
    pub(super) size: Option<PlainLen>,
    pub(super) private: Option<Vec<u8>>,
    pub(super) foot: Foot,
}

impl Members {
    pub(super) fn parse(json: &str) -> Result<Self, Error> {
        if json.len() > JSON_LEN_MAX {
            return malformed("longer than 1536 bytes");
        }
        if !are_plain(json) {
            return malformed("a byte that has to be escaped");
        }
        let Ok(raw) = serde_json::from_str::<Raw<'_>>(json) else {
            known(json)?;
            return malformed("unknown, repeated, missing, null or mistyped member");
        };
        raw.into_members()?.checked()
    }

    pub(super) fn render(&self) -> Result<String, Error> {
        let Ok(json) = serde_json::to_string(&Raw::of(self)) else {
            // INVARIANT: a struct of strings, numbers and lists has no way to fail.
            unreachable!("JSON of an envelope")
        };
        let json = escape(json);
        let fits = json.len() <= JSON_LEN_MAX;
        if fits {
            Ok(json)
        } else {
            Err(Error::EnvelopeTooLong(json.len()))
        }
    }

    /// The rules between members, for writers and readers alike.
    pub(super) fn checked(self) -> Result<Self, Error> {
        let customer = self.by == KeySource::Customer;
        if customer != (self.sse == Sse::Customer) {
            return malformed("sse is C without a customer's key, or the other way about");
        }
        if self.key_id.is_some() != matches!(self.sse, Sse::Kms | Sse::Dsse) {
            return malformed("key goes with kms and dsse");
        }
        if self.bucket_key && self.sse != Sse::Kms {
            return malformed("bucket_key goes with kms");
        }
        if self
            .encryption_context
            .as_ref()
            .is_some_and(|it| it.len() > CONTEXT_LEN_MAX)
        {
            return malformed("context longer than 512 bytes");
        }
        if matches!(&self.by, KeySource::Named { name, .. } if name == CUSTOMER) {
            return malformed("a configured key is named customer");
        }
        if self.dek_blob.len() != BLOB_LEN {
            return malformed("dek is not 64 bytes");
        }
        self.checked_for_layout()
    }

    fn checked_for_layout(self) -> Result<Self, Error> {
        let whole = self.layout == Layout::Whole;
        if !whole && (self.private.is_some() || self.foot != Foot::default()) {
            return malformed("priv and foot go with whole");
        }
        if whole && self.size.is_none() {
            return malformed("size is missing");
        }
        let parts_max = PlainLen(PART_LEN_MAX.0 * u64::from(PARTS_MAX));
        let limit = if whole { WHOLE_LEN_MAX } else { parts_max };
        if self.size.is_some_and(|size| size > limit) {
            return malformed("size is impossible");
        }
        Ok(self)
    }
}

/// The members as they stand in JSON. `Option` says absent, never null.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    v: u64,
    #[serde(borrow)]
    suite: Text<'a>,
    #[serde(borrow)]
    layout: Text<'a>,
    #[serde(borrow)]
    sse: Text<'a>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    key: Option<Text<'a>>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    project: Option<Text<'a>>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    bucket_key: Option<bool>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    context: Option<Text<'a>>,
    #[serde(borrow)]
    by: Text<'a>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    bk: Option<Text<'a>>,
    #[serde(borrow)]
    dek: Text<'a>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    size: Option<u64>,
    #[serde(
        borrow,
        rename = "priv",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    private: Option<Text<'a>>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    foot: Option<Vec<Digest>>,
}

/// A string that stays where it stands, unless it holds escapes. Without the name serde would copy
/// a `Cow` inside an `Option`.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Digest {
    Md5,
    Sum,
}

/// Without this, serde reads `null` as absent.
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl<'a> Raw<'a> {
    fn of(members: &'a Members) -> Self {
        let (by, bk) = match &members.by {
            KeySource::Named { name, bucket_key } => (name.as_str(), Some(bucket_key)),
            KeySource::Customer => (CUSTOMER, None),
        };
        Self {
            v: VERSION,
            suite: Text::of(members.suite.name()),
            layout: Text::of(members.layout.name()),
            sse: Text::of(members.sse.name()),
            key: members.key_id.as_deref().map(Text::of),
            project: members.project.as_deref().map(Text::of),
            bucket_key: members.bucket_key.then_some(true),
            context: members.encryption_context.as_deref().map(Text::b64),
            by: Text::of(by),
            bk: bk.map(|bk| Text::b64(bk)),
            dek: Text::b64(&members.dek_blob),
            size: members.size.map(|size| size.0),
            private: members.private.as_deref().map(Text::b64),
            foot: foot_names(members.foot),
        }
    }

    fn into_members(self) -> Result<Members, Error> {
        if self.v != VERSION {
            return Err(Error::VersionUnknown(self.v));
        }
        let suite = Suite::from_name(&self.suite.0).ok_or(Error::SuiteUnknown)?;
        let layout = Layout::from_name(&self.layout.0);
        let sse = Sse::from_name(&self.sse.0);
        Ok(Members {
            suite,
            layout: layout.ok_or(Error::EnvelopeMalformed("unknown layout"))?,
            sse: sse.ok_or(Error::EnvelopeMalformed("unknown sse"))?,
            key_id: self.key.map(Text::into_string),
            project: self.project.map(Text::into_string),
            bucket_key: match self.bucket_key {
                Some(false) => return malformed("bucket_key is false"),
                shown => shown.is_some(),
            },
            encryption_context: self.context.map(Text::bytes).transpose()?,
            by: key_source(self.by, self.bk)?,
            dek_blob: self.dek.bytes()?,
            size: self.size.map(PlainLen),
            private: self.private.map(Text::bytes).transpose()?,
            foot: foot(self.foot)?,
        })
    }
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    fn b64(bytes: &[u8]) -> Self {
        Self(Cow::Owned(encode(bytes)))
    }

    fn into_string(self) -> String {
        self.0.into_owned()
    }

    fn bytes(self) -> Result<Vec<u8>, Error> {
        decode(&self.0).ok_or(Error::EnvelopeMalformed("not strict base64url"))
    }
}

/// Of what does not parse: version first, then suite, for both may come with members that only
/// another version knows.
fn known(json: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Probe {
        v: serde_json::Value,
        suite: Option<serde_json::Value>,
    }
    let Ok(probe) = serde_json::from_str::<Probe>(json) else {
        return malformed("no JSON object with one v");
    };
    match probe.v.as_u64() {
        Some(VERSION) => (),
        Some(other) => return Err(Error::VersionUnknown(other)),
        None => return malformed("v is no integer"),
    }
    match probe.suite.as_ref().and_then(serde_json::Value::as_str) {
        Some(name) if Suite::from_name(name).is_none() => Err(Error::SuiteUnknown),
        _ => Ok(()),
    }
}

fn key_source(by: Text<'_>, bk: Option<Text<'_>>) -> Result<KeySource, Error> {
    match (&*by.0, bk) {
        (CUSTOMER, None) => Ok(KeySource::Customer),
        (CUSTOMER, Some(_)) => malformed("bk beside a customer's key"),
        (_, Some(bk)) => Ok(KeySource::Named {
            bucket_key: bk.bytes()?,
            name: by.into_string(),
        }),
        (_, None) => malformed("bk is missing"),
    }
}

fn foot(names: Option<Vec<Digest>>) -> Result<Foot, Error> {
    let Some(names) = names else {
        return Ok(Foot::default());
    };
    let foot = Foot {
        md5: names.contains(&Digest::Md5),
        sum: names.contains(&Digest::Sum),
    };
    let distinct = usize::from(foot.md5) + usize::from(foot.sum);
    if names.is_empty() || names.len() != distinct {
        return malformed("foot is empty or names a digest twice");
    }
    Ok(foot)
}

fn foot_names(foot: Foot) -> Option<Vec<Digest>> {
    let md5 = foot.md5.then_some(Digest::Md5);
    let names: Vec<_> = md5
        .into_iter()
        .chain(foot.sum.then_some(Digest::Sum))
        .collect();
    (!names.is_empty()).then_some(names)
}

/// What stands in an envelope unescaped: metadata values survive HTTP, signing and form decoding
/// only if they hold nothing else (FORMAT.md §3).
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7E) && !matches!(byte, b'%' | b'+')
}

/// Looks at every byte, whatever the first ones are: so the compiler takes many at once.
fn are_plain(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// Outside strings JSON needs none of these characters, so what is found stands in a string.
fn escape(json: String) -> String {
    if are_plain(&json) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if u8::try_from(character).is_ok_and(is_plain) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // INVARIANT: writing to a String has no way to fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn malformed<T>(reason: &'static str) -> Result<T, Error> {
    Err(Error::EnvelopeMalformed(reason))
}
