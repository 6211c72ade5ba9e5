//! `priv`: digests of the plaintext that were known before the body (FORMAT.md §3.1).

use serde::Deserialize;
use serde::Serialize;

use super::decode;
use super::encode;
use super::members::present;
use crate::aead::OneShot;
use crate::digests::Checksum;
use crate::digests::ChecksumAlgorithm;
use crate::digests::ChecksumType;
use crate::digests::Digests;
use crate::error::Error;

/// `None` if there is nothing to hide.
pub(super) fn seal(
    digests: &Digests,
    key: OneShot,
    context: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    if digests.is_empty() {
        return Ok(None);
    }
    let Ok(json) = serde_json::to_vec(&Private::of(digests)?) else {
        // INVARIANT: a struct of strings has no way to fail.
        unreachable!("JSON of private members")
    };
    key.seal(context, json)
        .map(Some)
        .map_err(|_| Error::SealRefused)
}

/// Everything wrong is [`Error::PrivateMembers`].
pub(super) fn open(sealed: &[u8], key: OneShot, context: &[u8]) -> Result<Digests, Error> {
    let json = key.open(context, sealed).ok();
    let parsed = json.and_then(|json| serde_json::from_slice::<Private>(&json).ok());
    let digests = parsed.and_then(Private::into_digests);
    digests
        .filter(|digests| !digests.is_empty())
        .ok_or(Error::PrivateMembers)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Private {
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    md5: Option<String>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    sum: Option<Sum>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sum {
    alg: String,
    #[serde(rename = "type")]
    kind: String,
    val: String,
}

impl Private {
    fn of(digests: &Digests) -> Result<Self, Error> {
        let sum = digests.sum.clone().map(Checksum::checked).transpose()?;
        Ok(Self {
            md5: digests.md5.as_ref().map(|md5| encode(md5)),
            sum: sum.as_ref().map(Sum::of),
        })
    }

    fn into_digests(self) -> Option<Digests> {
        let md5 = match self.md5 {
            Some(md5) => Some(decode(&md5)?.try_into().ok()?),
            None => None,
        };
        let sum = match self.sum {
            Some(sum) => Some(sum.into_checksum()?),
            None => None,
        };
        Some(Digests { md5, sum })
    }
}

impl Sum {
    fn of(sum: &Checksum) -> Self {
        let (alg, kind) = (sum.algorithm.name().to_owned(), sum.kind.name().to_owned());
        Self {
            alg,
            kind,
            val: encode(&sum.value),
        }
    }

    fn into_checksum(self) -> Option<Checksum> {
        let algorithm = ChecksumAlgorithm::from_name(&self.alg)?;
        let kind = ChecksumType::from_name(&self.kind)?;
        Checksum {
            algorithm,
            kind,
            value: decode(&self.val)?,
        }
        .checked()
        .ok()
    }
}
