//! Good objects, sealed with the crate; what is broken is broken afterwards.

use std::collections::BTreeMap;

use crypto::BucketKey;
use crypto::Context;
use crypto::CustomerKey;
use crypto::Dek;
use crypto::Digests;
use crypto::EnvelopeDraft;
use crypto::EnvelopeText;
use crypto::Foot;
use crypto::KeySource;
use crypto::Layout;
use crypto::MasterKey;
use crypto::Part;
use crypto::PartList;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::Sse;
use crypto::Suite;
use crypto::WrappingKey;
use crypto::added_segment;
use sha2::Digest as _;
use sha2::Sha256;

use super::Key;
use super::Vector;

/// What to seal. The name gives all keys and salts.
#[derive(Clone)]
pub struct Spec {
    pub name: &'static str,
    pub suite: Suite,
    pub customer: bool,
    pub bucket: &'static str,
    pub object: &'static str,
    pub body: Body,
    /// Of the footer of a whole object, or of the list.
    pub digests: Digests,
    /// Changes the envelope's draft before it is sealed.
    pub amend: fn(&mut EnvelopeDraft),
}

#[derive(Clone, Copy)]
pub enum Body {
    Whole(usize),
    /// (number, length), and the gateway's own last segment.
    Added(&'static [(u32, usize)]),
    /// (number, length), the last one parked.
    Parked(&'static [(u32, usize)]),
}

/// A sealed object, with what is needed to break it.
pub struct Object {
    pub spec: Spec,
    pub dek: [u8; 32],
    pub envelope: EnvelopeText,
    /// One element for each segment.
    pub segments: Vec<Vec<u8>>,
    pub plain: Vec<u8>,
}

impl Spec {
    pub fn whole(name: &'static str, len: usize) -> Self {
        Self::of(name, Body::Whole(len))
    }

    pub fn of(name: &'static str, body: Body) -> Self {
        Self {
            name,
            suite: Suite::Aes256Gcm,
            customer: false,
            bucket: "photos",
            object: "2026/ember.jpg",
            body,
            digests: Digests::default(),
            amend: |_| (),
        }
    }

    pub fn seal(self) -> Object {
        let dek = fixed(self.name, "dek");
        let key = Dek::new(dek);
        let (segments, plain) = match self.body {
            Body::Whole(len) => self.seal_whole(&key, len),
            Body::Added(parts) => self.seal_parts(&key, parts, false),
            Body::Parked(parts) => self.seal_parts(&key, parts, true),
        };
        let envelope = self.seal_envelope(&key, plain.len());
        Object {
            spec: self,
            dek,
            envelope,
            segments,
            plain,
        }
    }

    fn seal_whole(&self, dek: &Dek, len: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
        let plain = text(len);
        let sealer = Sealer::whole(dek, self.suite, PlainLen(len as u64)).unwrap();
        (vec![run(sealer, &plain, &self.digests)], plain)
    }

    fn seal_parts(
        &self,
        dek: &Dek,
        parts: &[(u32, usize)],
        parked: bool,
    ) -> (Vec<Vec<u8>>, Vec<u8>) {
        let listed: Vec<_> = parts
            .iter()
            .map(|&(number, len)| Part {
                number,
                plain_len: PlainLen(len as u64),
            })
            .collect();
        let mut segments: Vec<_> = listed
            .iter()
            .map(|part| self.seal_part(dek, *part))
            .collect();
        let closing = dek.closing_key(self.suite);
        let list = PartList::new(self.suite, &listed, self.digests.clone()).unwrap();
        let final_part = *listed.last().unwrap();
        if parked {
            let salt = fixed(self.name, "parked");
            let sealer = Sealer::parked(
                dek,
                self.suite,
                final_part.number,
                final_part.plain_len,
                salt,
            );
            let plain = part_text(final_part);
            let mut segment = run(sealer.unwrap(), &plain, &Digests::default());
            list.fill(&closing, salt16(self.name, "list"), &mut segment)
                .unwrap();
            *segments.last_mut().unwrap() = segment;
        } else {
            let (salt, list_salt) = (fixed(self.name, "added"), salt16(self.name, "list"));
            let number = final_part.number + 1;
            segments
                .push(added_segment(&closing, self.suite, number, salt, &list, list_salt).unwrap());
        }
        (
            segments,
            listed.iter().flat_map(|part| part_text(*part)).collect(),
        )
    }

    fn seal_part(&self, dek: &Dek, part: Part) -> Vec<u8> {
        let salt = fixed(self.name, &format!("part {}", part.number));
        let sealer = Sealer::part(dek, self.suite, part.number, false, part.plain_len, salt);
        run(sealer.unwrap(), &part_text(part), &Digests::default())
    }

    fn seal_envelope(&self, dek: &Dek, len: usize) -> EnvelopeText {
        let whole = matches!(self.body, Body::Whole(_));
        let (md5, sum) = (self.digests.md5.is_some(), self.digests.sum.is_some());
        let mut draft = EnvelopeDraft {
            suite: self.suite,
            layout: if whole { Layout::Whole } else { Layout::Parts },
            sse: if self.customer {
                Sse::Customer
            } else {
                Sse::S3
            },
            key_id: None,
            project: None,
            bucket_key: false,
            encryption_context: None,
            by: self.key_source(),
            size: whole.then_some(PlainLen(len as u64)),
            digests: Digests::default(),
            foot: if whole {
                Foot { md5, sum }
            } else {
                Foot::default()
            },
        };
        (self.amend)(&mut draft);
        let context = Context {
            bucket: self.bucket,
            object: self.object,
        };
        let customer = CustomerKey::new(self.wrapping_key());
        let bucket = BucketKey::new(self.wrapping_key());
        let wrapping = if self.customer {
            WrappingKey::Customer(&customer)
        } else {
            WrappingKey::Bucket(&bucket)
        };
        draft
            .seal(dek, &wrapping, &context, salt16(self.name, "envelope"))
            .unwrap()
    }

    fn key_source(&self) -> KeySource {
        if self.customer {
            return KeySource::Customer;
        }
        let master = MasterKey::new(fixed(self.name, "master"));
        let bucket_key = BucketKey::new(self.wrapping_key());
        let salt = salt16(self.name, "bucket key");
        let wrapped = master.wrap_bucket_key("m1", self.bucket, self.suite, &bucket_key, salt);
        KeySource::Named {
            name: "main".to_owned(),
            bucket_key: wrapped.unwrap(),
        }
    }

    /// The bucket key, or the customer's.
    fn wrapping_key(&self) -> [u8; 32] {
        fixed(self.name, "wrapping")
    }

    fn key(&self) -> Key {
        if self.customer {
            return Key::Customer(self.wrapping_key());
        }
        let mut masters = BTreeMap::from([("m0".to_owned(), fixed(self.name, "other master"))]);
        masters.insert("m1".to_owned(), fixed(self.name, "master"));
        Key::Masters(masters)
    }
}

impl Object {
    pub fn good(self, description: &'static str) -> Vector {
        let released_at_most = self.plain.len();
        let plain = Some(self.plain.clone());
        Vector {
            plain,
            ..self.broken(description, "ok", released_at_most)
        }
    }

    pub fn broken(
        self,
        description: &'static str,
        expect: &'static str,
        released_at_most: usize,
    ) -> Vector {
        Vector {
            name: self.spec.name,
            description,
            expect,
            bucket: self.spec.bucket.to_owned(),
            object: self.spec.object.to_owned(),
            key: self.spec.key(),
            json: Some(self.envelope.json),
            mac: Some(self.envelope.mac),
            body: self.segments.concat(),
            plain: None,
            released_at_most,
        }
    }
}

/// 32 bytes that look random and are the same in every run.
pub fn fixed(name: &str, what: &str) -> [u8; 32] {
    Sha256::digest(format!("sealgate test vector {name}: {what}")).into()
}

pub fn salt16(name: &str, what: &str) -> [u8; 16] {
    *fixed(name, what).first_chunk().unwrap()
}

pub fn text(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Parts differ, so that a swapped one shows.
fn part_text(part: Part) -> Vec<u8> {
    let first = u8::try_from(part.number % 200).unwrap();
    (first..=250)
        .cycle()
        .take(usize::try_from(part.plain_len.0).unwrap())
        .collect()
}

pub fn run(mut sealer: Sealer, plain: &[u8], digests: &Digests) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.push(plain, &mut |piece| out.extend(piece)).unwrap();
    sealer
        .finish(digests, &mut |piece| out.extend(piece))
        .unwrap();
    out
}
