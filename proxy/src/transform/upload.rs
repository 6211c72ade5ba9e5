//! A client's body on its way to the backend: unframed, verified and, where the plan says so,
//! sealed. The body is guilty until its last byte: the end of what is sent on is withheld until
//! every claim about the body has proven true, so that an upload that fails stays short of its
//! declared length and can never become an object.

use bytes::Bytes;
use crypto::Checksum;
use crypto::Digests;
use crypto::Sealer;
use policy::EtagStyle;
use s3::Body;

use super::Pieces;
use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::lookup::md5_etag;

/// One attempt to send a body; a retry makes a new one.
pub struct Upload {
    body: Option<Body>,
    store: Store,
    proven: Digests,
    expected: u64,
    sent: u64,
    etag: EtagStyle,
}

/// What is done with verified bytes.
enum Store {
    /// Sealed; the sealer itself keeps the last chunk back.
    Seal(Option<Sealer>, Foot),
    /// Passed on, with the latest piece kept back.
    Relay(Bytes),
}

/// Which proven digests go into the footer: of a whole object those that came after the envelope
/// was written, of a part all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foot {
    /// The MD5.
    pub md5: bool,
    /// The checksum.
    pub sum: bool,
}

impl Upload {
    /// Seals `body` with `sealer`.
    #[must_use]
    pub fn seal(body: Body, sealer: Sealer, foot: Foot) -> Self {
        let expected = sealer.sealed_len().0;
        Self {
            body: Some(body),
            store: Store::Seal(Some(sealer), foot),
            proven: Digests::default(),
            expected,
            sent: 0,
            etag: EtagStyle::Opaque,
        }
    }

    /// What clients see as the `ETag` of the object.
    #[must_use]
    pub fn with_etag(self, etag: EtagStyle) -> Self {
        Self { etag, ..self }
    }

    /// The object's `ETag` with quotes, where it is not the backend's to say.
    #[must_use]
    pub fn etag(&self) -> Option<String> {
        let md5 = self.proven.md5.filter(|_| self.etag == EtagStyle::Md5)?;
        Some(format!("\"{}\"", md5_etag(md5, None)))
    }

    /// Passes `body` on.
    #[must_use]
    pub fn relay(body: Body) -> Self {
        let expected = body.plain_len();
        Self {
            body: Some(body),
            store: Store::Relay(Bytes::new()),
            proven: Digests::default(),
            expected,
            sent: 0,
            etag: EtagStyle::Opaque,
        }
    }

    /// Takes what the client sent and returns what the backend gets now, perhaps nothing.
    /// `end`: the client's body ends here.
    pub fn push(&mut self, wire: Option<Bytes>, end: bool) -> Result<Bytes> {
        let mut out = Pieces::default();
        if let Some(wire) = wire.filter(|wire| !wire.is_empty()) {
            self.take(wire, &mut out)?;
        }
        if end {
            self.finish(&mut out)?;
        }
        self.sent += out.len();
        if self.sent > self.expected || (end && self.sent != self.expected) {
            return Err(Error::Internal(
                "sealed body has another length than announced",
            ));
        }
        Ok(out.join())
    }

    /// The checksum that the client sent along, once it has proven true.
    #[must_use]
    pub fn proven_checksum(&self) -> Option<Checksum> {
        self.proven.sum.clone()
    }

    /// All digests that the client sent along, once they have proven true.
    #[must_use]
    pub fn proven(&self) -> &Digests {
        &self.proven
    }

    /// Whether the client's body has not ended, or not proven true.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.body.is_some() || self.sent != self.expected
    }

    fn take(&mut self, wire: Bytes, out: &mut Pieces) -> Result<()> {
        let Some(body) = &mut self.body else {
            return Err(s3::Error::new(s3::ErrorCode::IncompleteBody).into());
        };
        let mut plain = Vec::with_capacity(2);
        body.push(wire, &mut plain)?;
        for piece in plain {
            match &mut self.store {
                Store::Seal(Some(sealer), _) => {
                    sealer.push(&piece, &mut |sealed| out.push(sealed))?;
                }
                Store::Seal(None, _) => return Err(Error::Internal("body after its end")),
                Store::Relay(held) => out.push(std::mem::replace(held, piece)),
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Pieces) -> Result<()> {
        let Some(body) = self.body.take() else {
            return Ok(());
        };
        let proven = body.finish()?;
        self.proven = Digests {
            md5: proven.md5,
            sum: proven.checksum.map(checksum::of_all),
        };
        match &mut self.store {
            Store::Seal(sealer, foot) => {
                let sealer = sealer.take().ok_or(Error::Internal("body ended twice"))?;
                let footer = footer(*foot, &self.proven);
                sealer.finish(&footer, &mut |sealed| out.push(sealed))?;
            }
            Store::Relay(held) => out.push(std::mem::take(held)),
        }
        Ok(())
    }
}

fn footer(foot: Foot, proven: &Digests) -> Digests {
    Digests {
        md5: proven.md5.filter(|_| foot.md5),
        sum: proven.sum.clone().filter(|_| foot.sum),
    }
}
