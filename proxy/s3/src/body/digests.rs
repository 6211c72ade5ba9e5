//! The digests somebody asked for, computed in one pass, and no others.

use md5::Md5;
use sha2::Digest as _;
use sha2::Sha256;

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Payload;
use crate::body::Claims;
use crate::checksum::Checksum;

/// The digests of a payload, on their way.
pub(super) struct Digests {
    /// With what `x-amz-content-sha256` says.
    sha256: Option<(Sha256, [u8; 32])>,
    md5: Option<Md5>,
    checksum: Option<Checksum>,
}

impl Digests {
    pub fn new(payload: &Payload, claims: &Claims) -> Self {
        let sha256 = match payload {
            Payload::Sha256(claimed) => Some((Sha256::new(), *claimed)),
            Payload::Unsigned | Payload::Frames(_) => None,
        };
        let algorithm = claims
            .checksum
            .as_ref()
            .map(|checksum| checksum.0)
            .or(claims.trailer);
        Self {
            sha256,
            md5: claims.content_md5.map(|_| Md5::new()),
            checksum: algorithm.map(Checksum::new),
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        if let Some((sha256, _)) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
    }

    /// Computes the MD5, too, though nobody claimed one.
    pub fn want_md5(&mut self) {
        self.md5.get_or_insert_with(Md5::new);
    }

    /// Holds the digests against what was claimed, and gives the MD5 where it was computed.
    ///
    /// The answers do not quote them: digests of a payload stay out of error bodies, which end up
    /// in logs.
    pub fn prove(
        self,
        content_md5: Option<[u8; 16]>,
        checksum: Option<&(ChecksumAlgorithm, Vec<u8>)>,
    ) -> Result<Option<[u8; 16]>, Error> {
        if self
            .sha256
            .is_some_and(|(sha256, claimed)| sha256.finalize()[..] != claimed)
        {
            return Err(Error::new(ErrorCode::XAmzContentSha256Mismatch));
        }
        let md5: Option<[u8; 16]> = self.md5.map(|md5| md5.finalize().into());
        if content_md5.is_some() && md5 != content_md5 {
            return Err(Error::new(ErrorCode::BadDigest));
        }
        let computed = self.checksum.map(Checksum::finish);
        match checksum {
            Some((algorithm, claimed)) if computed.as_ref() != Some(claimed) => {
                Err(Error::new(ErrorCode::BadDigest).with_message(format!(
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name(),
                )))
            }
            _ => Ok(md5),
        }
    }
}
