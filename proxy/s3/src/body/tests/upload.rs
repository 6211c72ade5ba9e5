//! Signed uploads, and what becomes of their bodies.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use sha2::Digest as _;
use sha2::Sha256;
use time::macros::datetime;

use crate::Body;
use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Expectation;
use crate::Head;
use crate::Limits;
use crate::Payload;
use crate::SecretKey;
use crate::Verified;
use crate::auth::FrameChain;
use crate::auth::FrameSeed;
use crate::checksum::Checksum;
use crate::sign;
use crate::verify;

/// The three kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Signed,
    SignedTrailer,
    UnsignedTrailer,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Signed, Self::SignedTrailer, Self::UnsignedTrailer];

    pub fn has_trailer(self) -> bool {
        self != Self::Signed
    }

    pub fn keyword(self) -> &'static str {
        match self {
            Self::Signed => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            Self::SignedTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Self::UnsignedTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }
}

/// The plaintext, or why there is none.
pub type Verdict = Result<Vec<u8>, ErrorCode>;

/// An upload whose head has been verified.
pub struct Upload {
    verified: Verified,
    headers: HeaderMap,
}

impl Upload {
    pub fn new(payload: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        headers.insert("host", HeaderValue::from_static("h"));
        let secret = SecretKey::new("secret".to_owned());
        let now = datetime!(2013-05-24 00:00 UTC);
        headers.extend(sign(&head(&headers), "key", &secret, "r", now, payload));
        let expect = Expectation {
            now,
            region: "r",
            host_bucket: None,
            limits: Limits::default(),
        };
        let verified = verify(&head(&headers), &|_| Some(&secret), &expect).unwrap();
        Self { verified, headers }
    }

    /// One with frames. `trailer` is announced where the kind has any.
    pub fn framed(kind: Kind, plain_len: u64, trailer: ChecksumAlgorithm) -> Self {
        let len = plain_len.to_string();
        let mut headers = vec![("x-amz-decoded-content-length", &*len)];
        if kind.has_trailer() {
            headers.push(("x-amz-trailer", trailer.header_name()));
        }
        Self::new(kind.keyword(), &headers)
    }

    pub fn body(&self) -> Result<Body, Error> {
        Body::expect(&self.verified, &self.headers)
    }

    pub fn receive(&self, pieces: &[&[u8]]) -> Verdict {
        let mut plain = Vec::new();
        let proven = self.body().and_then(|mut body| {
            for piece in pieces {
                body.push(Bytes::copy_from_slice(piece), &mut plain)?;
            }
            body.finish()
        });
        proven
            .map(|_| plain.concat())
            .map_err(|failure| failure.code)
    }

    /// The verdict on `wire`: whole, byte by byte, and in two pieces wherever it can be cut (but
    /// not within long runs of one byte).
    pub fn receive_in_every_split(&self, wire: &[u8]) -> Verdict {
        let whole = self.receive(&[wire]);
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(self.receive(&bytes), whole, "byte by byte");
        for at in (0..=wire.len()).filter(|at| !is_amid_a_run(wire, *at)) {
            let (first, second) = wire.split_at(at);
            assert_eq!(self.receive(&[first, second]), whole, "cut at {at}");
        }
        whole
    }

    /// Begins the wire's bytes.
    pub fn wire(&self) -> Wire<'_> {
        let seed = match self.verified.payload() {
            Payload::Frames(frames) => frames.seed.as_ref(),
            Payload::Unsigned | Payload::Sha256(_) => None,
        };
        Wire {
            bytes: Vec::new(),
            signing: seed.map(|seed| (&**seed, FrameChain::new(seed.clone()))),
        }
    }
}

fn head(headers: &HeaderMap) -> Head<'_> {
    Head {
        method: &Method::PUT,
        raw_path: "/bucket/a",
        raw_query: "",
        headers,
    }
}

fn is_amid_a_run(wire: &[u8], at: usize) -> bool {
    let around = wire.get(at.saturating_sub(3)..at + 3).unwrap_or_default();
    around.len() == 6 && around.iter().all(|byte| Some(byte) == around.first())
}

/// A framed body being written as a client writes it.
pub struct Wire<'a> {
    pub bytes: Vec<u8>,
    signing: Option<(&'a FrameSeed, FrameChain)>,
}

impl Wire<'_> {
    /// A whole body: a frame for each of `data`, the last frame, the trailer if there is one.
    pub fn body(mut self, data: &[&[u8]], trailer: Option<ChecksumAlgorithm>) -> Vec<u8> {
        for data in data {
            self.frame(data);
        }
        self.end();
        if let Some(algorithm) = trailer {
            self.trailer(algorithm.header_name(), &value(algorithm, &data.concat()));
        }
        self.raw("\r\n");
        self.bytes
    }

    pub fn frame(&mut self, data: &[u8]) {
        self.line(&format!("{:x}", data.len()), data);
        self.bytes.extend_from_slice(data);
        self.raw("\r\n");
    }

    /// The last frame, which is empty.
    pub fn end(&mut self) {
        self.line("0", b"");
    }

    /// A frame's first line with the size spelled as given.
    pub fn line(&mut self, size: &str, data: &[u8]) {
        self.raw(size);
        if let Some((seed, chain)) = &mut self.signing {
            let digest = Sha256::digest(data);
            let signature = seed.key.sign(&chain.frame_text(&digest));
            chain.verify_frame(&digest, signature.clone()).unwrap();
            self.raw(&format!(";chunk-signature={signature}"));
        }
        self.raw("\r\n");
    }

    pub fn trailer(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{value}\r\n"));
        self.trailer_signature(&format!("{name}:{value}\n"));
    }

    /// The signature of a trailer with the lines given, where the kind has one.
    pub fn trailer_signature(&mut self, lines: &str) {
        if let Some((seed, chain)) = &mut self.signing {
            let signature = seed.key.sign(&chain.trailer_text(lines));
            self.raw(&format!("x-amz-trailer-signature:{signature}\r\n"));
        }
    }

    pub fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// The value of a checksum's header.
pub fn value(algorithm: ChecksumAlgorithm, data: &[u8]) -> String {
    let mut checksum = Checksum::new(algorithm);
    checksum.update(data);
    algorithm.render_value(&checksum.finish())
}
