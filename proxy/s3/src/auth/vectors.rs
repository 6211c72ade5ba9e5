//! The vectors of tests/vectors/sigv4, each stage by itself.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::path::PathBuf;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use time::macros::datetime;

use super::authorization::Authorization;
use super::canonical;
use super::canonical::Canonical;
use super::mechanism::Mechanism;
use super::scope;
use super::sign::names_to_sign;
use super::*;
use crate::Body;
use crate::Error;
use crate::header;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const NOW: time::OffsetDateTime = datetime!(2013-05-24 00:00 UTC);

/// One folder.
struct Vector {
    folder: PathBuf,
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
}

impl Vector {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sigv4");
        let entries = std::fs::read_dir(root).unwrap();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let request = std::fs::read_to_string(folder.join("request")).unwrap();
        let mut lines = request.split('\n');
        let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
        let target = rest.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            folder,
        }
    }

    fn name(&self) -> &str {
        self.folder.file_name().unwrap().to_str().unwrap()
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(name)).ok()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.file(name).unwrap()).unwrap()
    }

    fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &self.headers,
        }
    }

    /// The signature, and the query that it covers.
    fn authorization(&self) -> (Authorization, String) {
        match Mechanism::of(&self.head()).unwrap() {
            Mechanism::Header(authorization) => (authorization, self.query.clone()),
            Mechanism::Presigned(presigned) => (presigned.authorization, presigned.raw_query),
            Mechanism::Version2(_) | Mechanism::None => panic!("{} is of Version 4", self.name()),
        }
    }

    fn is_ok(&self) -> bool {
        self.text("verdict") == "ok"
    }

    fn verify(&self) -> Result<Verified, Error> {
        let secret = SecretKey::new(SECRET.to_owned());
        let secrets = |key: &str| (key == "AKIAIOSFODNN7EXAMPLE").then_some(&secret);
        let expect = Expectation {
            now: NOW,
            region: "us-east-1",
            host_bucket: None,
            limits: Limits::default(),
        };
        verify(&self.head(), &secrets, &expect)
    }

    /// The wire's bytes and what they say.
    fn body(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        if let Some(body) = self.file("body") {
            let plain = self.file("plain").unwrap_or_else(|| body.clone());
            return Some((body, plain));
        }
        self.file("frame_1_data")?;
        let (mut wire, mut plain) = (Vec::new(), Vec::new());
        for number in 1.. {
            let data = self.data(number);
            let signature = self.text(&format!("frame_{number}_signature"));
            wire.extend(format!("{:x};chunk-signature={signature}\r\n", data.len()).bytes());
            plain.extend_from_slice(&data);
            if data.is_empty() {
                break;
            }
            wire.extend(data);
            wire.extend(b"\r\n");
        }
        if self.file("trailer_line").is_some() {
            let (line, signature) = (self.text("trailer_line"), self.text("trailer_signature"));
            wire.extend(format!("{line}\r\nx-amz-trailer-signature:{signature}\r\n").bytes());
        }
        wire.extend(b"\r\n");
        Some((wire, plain))
    }

    fn data(&self, frame: usize) -> Vec<u8> {
        let text = self.text(&format!("frame_{frame}_data"));
        let (count, byte) = text.split_once(' ').unwrap();
        byte.repeat(count.parse().unwrap()).into_bytes()
    }
}

#[test]
fn one_target_gives_the_canonical_request() {
    for vector in Vector::all() {
        let expected = vector.text("canonical_request");
        let (authorization, raw_query) = vector.authorization();
        let head = Head {
            raw_query: &raw_query,
            ..vector.head()
        };
        let payload = expected.rsplit('\n').next().unwrap();
        let found = canonical::targets(&head)
            .into_iter()
            .map(|(path, query)| Canonical {
                path,
                query,
                signed_headers: &authorization.signed_headers,
                payload,
            })
            .any(|canonical| canonical.text(&head) == expected.as_bytes());
        let repeats = vector.name() == "refused_date_repeated";
        let added = vector.name().ends_with("header_added");
        assert_eq!(
            found,
            (vector.is_ok() || added) && !repeats,
            "{}",
            vector.name()
        );
    }
}

#[test]
fn canonical_requests_give_the_string_to_sign() {
    for vector in Vector::all() {
        let digest = crate::hex::render(&<sha2::Sha256 as sha2::Digest>::digest(
            vector.text("canonical_request"),
        ));
        let scope = vector.authorization().0.scope;
        let text = scope::string_to_sign("20130524T000000Z", &scope, &digest);
        assert_eq!(text, vector.text("string_to_sign"), "{}", vector.name());
    }
}

#[test]
fn strings_to_sign_give_the_signature() {
    let key = SigningKey::derive(&SecretKey::new(SECRET.to_owned()), "20130524", "us-east-1");
    for vector in Vector::all() {
        let signature = vector.text("signature");
        assert_eq!(
            key.sign(&vector.text("string_to_sign")),
            signature,
            "{}",
            vector.name()
        );
        let (authorization, _) = vector.authorization();
        assert_eq!(authorization.signature, signature, "{}", vector.name());
    }
}

#[test]
fn requests_get_their_verdict() {
    let vectors = Vector::all();
    assert!(vectors.len() > 80, "{} vectors", vectors.len());
    for vector in &vectors {
        let verdict = match vector.verify() {
            Ok(verified) => {
                assert_eq!(verified.access_key(), Some("AKIAIOSFODNN7EXAMPLE"));
                "ok"
            }
            Err(error) => error.code.name(),
        };
        assert_eq!(verdict, vector.text("verdict"), "{}", vector.name());
    }
}

#[test]
fn our_signature_is_that_of_the_vector() {
    let secret = SecretKey::new(SECRET.to_owned());
    let mut signed = 0;
    for vector in Vector::all().iter().filter(|vector| vector.is_ok()) {
        let canonical = vector.text("canonical_request");
        let mut lines = canonical.split('\n').skip(1);
        let encoded_by_the_book = lines.next() == Some(&*canonical::recoded_path(&vector.path))
            && lines.next() == Some(&*canonical::recoded_query(&vector.query));
        let (authorization, _) = vector.authorization();
        let in_header = vector.headers.contains_key(header::AUTHORIZATION);
        if !in_header
            || !encoded_by_the_book
            || authorization.signed_headers != names_to_sign(&vector.headers)
        {
            continue;
        }
        signed += 1;
        let payload = canonical.rsplit('\n').next().unwrap();
        let added = sign(
            &vector.head(),
            "AKIAIOSFODNN7EXAMPLE",
            &secret,
            "us-east-1",
            NOW,
            payload,
        );
        let ours = added.iter().find(|(name, _)| name == header::AUTHORIZATION);
        let ours = ours.unwrap().1.to_str().unwrap();
        let theirs = vector.headers[header::AUTHORIZATION].to_str().unwrap();
        assert_eq!(ours, theirs.trim(), "{}", vector.name());
    }
    assert!(signed > 30, "{signed}");
}

#[test]
fn frames_and_trailers_give_their_strings_to_sign_and_signatures() {
    let mut frames = 0;
    for vector in Vector::all() {
        if vector.file("frame_1_data").is_none() {
            continue;
        }
        let Payload::Frames(Frames { seed, .. }) = vector.verify().unwrap().payload().clone()
        else {
            panic!("{} has frames", vector.name());
        };
        let mut chain = FrameChain::new(seed.unwrap());
        for number in (1..).take_while(|n| vector.file(&format!("frame_{n}_data")).is_some()) {
            let digest = <sha2::Sha256 as sha2::Digest>::digest(vector.data(number));
            let text = vector.text(&format!("frame_{number}_string_to_sign"));
            assert_eq!(chain.frame_text(&digest), text);
            let signature = vector.text(&format!("frame_{number}_signature"));
            chain.verify_frame(&digest, signature).unwrap();
            frames += 1;
        }
        if vector.file("trailer_line").is_some() {
            let line = format!("{}\n", vector.text("trailer_line"));
            assert_eq!(
                chain.trailer_text(&line),
                vector.text("trailer_string_to_sign")
            );
            let signature = vector.text("trailer_signature");
            chain.verify_trailer(&line, signature).unwrap();
        }
    }
    assert_eq!(frames, 6);
}

#[test]
fn bodies_are_proven() {
    let mut bodies = 0;
    for vector in Vector::all() {
        let Some((wire, expected)) = vector.body() else {
            continue;
        };
        bodies += 1;
        for step in [1, 1000, wire.len()] {
            let mut body = Body::expect(&vector.verify().unwrap(), &vector.headers).unwrap();
            let mut plain = Vec::new();
            for piece in wire.chunks(step) {
                body.push(Bytes::copy_from_slice(piece), &mut plain)
                    .unwrap();
            }
            body.finish().unwrap();
            assert_eq!(plain.concat(), expected, "{}", vector.name());
        }
    }
    assert_eq!(bodies, 6);
}
