//! A writer with the right keys and wrong intentions: what the crate refuses to write is put
//! together here from FORMAT.md alone, for AES256-GCM.

use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit as _;
use aes_gcm::aead::Aead as _;
use aes_gcm::aead::Payload;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::Hmac;
use hmac::Mac as _;
use sha2::Digest as _;
use sha2::Sha256;

use super::object::Object;
use super::object::salt16;

impl Object {
    /// Replaces text in the envelope and makes the MAC anew, so that only this is wrong.
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        assert!(
            self.envelope.json.contains(from),
            "`{from}` in {}",
            self.envelope.json
        );
        self.envelope.json = self.envelope.json.replacen(from, to, 1);
        self.remac()
    }

    pub fn remac(mut self) -> Self {
        let key = expand(&self.dek, &[], &[b"sealgate/v1/envelope"], 32);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(&self.context());
        mac.update(self.envelope.json.as_bytes());
        self.envelope.mac = encode(&mac.finalize().into_bytes());
        self
    }

    /// Replaces the private members by any bytes, sealed under their right key.
    pub fn forge_private(self, json: &str) -> Self {
        let salt = salt16(self.spec.name, "envelope");
        let key = expand(&self.dek, &salt, &[b"sealgate/v1/private"], 44);
        let sealed = seal(&key, 0, &self.context(), json.as_bytes());
        let text = &self.envelope.json;
        let start = text.find("\"priv\":\"").unwrap() + 8;
        let end = start + text[start..].find('"').unwrap();
        let old = text[start..end].to_owned();
        self.edit(&old, &encode(&sealed))
    }

    /// Replaces the footer of a segment by any 64 bytes, sealed under their right key.
    pub fn forge_footer(mut self, segment: usize, footer: &[u8; 64]) -> Self {
        let bytes = &mut self.segments[segment];
        let added = bytes[7] & 2 != 0;
        let root = if added {
            closing(&self.dek)
        } else {
            self.dek.to_vec()
        };
        let key = expand(
            &root,
            &bytes[24..56],
            &[b"sealgate/v1/segment", &bytes[..64]],
            44,
        );
        let sealed = seal(&key, 1, &[], footer);
        let at = bytes.len() - 80;
        bytes[at..].copy_from_slice(&sealed);
        self
    }

    /// Replaces the list of the last segment, which has room for it.
    pub fn forge_list(mut self, list: &[u8]) -> Self {
        let padding = list_padding(&self.dek, salt16(self.spec.name, "forged list"), list);
        let bytes = self.segments.last_mut().unwrap();
        let end = bytes.len() - 80;
        bytes[end - padding.len()..end].copy_from_slice(&padding);
        self
    }

    /// `context` of FORMAT.md §2.2.
    fn context(&self) -> Vec<u8> {
        let json: serde_json::Value = serde_json::from_str(&self.envelope.json).unwrap_or_default();
        let member = |name: &str, default| json[name].as_str().unwrap_or(default).to_owned();
        let fields = [
            self.spec.bucket.to_owned(),
            self.spec.object.to_owned(),
            member("suite", "AES256-GCM"),
            member("layout", "whole"),
            member("sse", "AES256"),
        ];
        let mut out = b"sealgate/v1/dek".to_vec();
        for field in fields {
            out.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            out.extend(field.as_bytes());
        }
        out
    }
}

/// L of FORMAT.md §4.5 without digests of the object.
pub struct List {
    pub count: u32,
    pub total: u64,
    pub flags: u8,
    /// (number, length), for the digest.
    pub parts: Vec<(u32, u64)>,
    /// (first, count, length).
    pub runs: Vec<(u32, u32, u64)>,
}

impl List {
    pub fn render(&self) -> Vec<u8> {
        let mut digest = Sha256::new();
        for (number, len) in &self.parts {
            digest.update(number.to_be_bytes());
            digest.update(len.to_be_bytes());
        }
        let mut out = Vec::new();
        out.extend(self.count.to_be_bytes());
        out.extend(self.total.to_be_bytes());
        out.push(self.flags);
        out.extend([0; 55]);
        out.extend(digest.finalize());
        out.extend(u32::try_from(self.runs.len()).unwrap().to_be_bytes());
        for (first, count, len) in &self.runs {
            out.extend(first.to_be_bytes());
            out.extend(count.to_be_bytes());
            out.extend(len.to_be_bytes());
        }
        out
    }
}

/// From the sealed list to the footer.
pub fn list_padding(dek: &[u8; 32], salt: [u8; 16], list: &[u8]) -> Vec<u8> {
    let key = expand(&closing(dek), &salt, &[b"sealgate/v1/list"], 44);
    let sealed = seal(&key, 0, &[], list);
    let len = u32::try_from(sealed.len()).unwrap().to_be_bytes();
    [&sealed[..], &salt, &len, &[0; 12]].concat()
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn closing(dek: &[u8]) -> Vec<u8> {
    expand(dek, &[], &[b"sealgate/v1/closing"], 32)
}

fn expand(root: &[u8], salt: &[u8], info: &[&[u8]], len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    Hkdf::<Sha256>::new(Some(salt), root)
        .expand_multi_info(info, &mut out)
        .unwrap();
    out
}

/// `key` is AEAD key and nonce; `kind` goes into the nonce (FORMAT.md §4.2), at position 0.
fn seal(key: &[u8], kind: u8, aad: &[u8], msg: &[u8]) -> Vec<u8> {
    let mut nonce: [u8; 12] = key[32..].try_into().unwrap();
    nonce[3] ^= kind;
    let cipher = Aes256Gcm::new_from_slice(&key[..32]).unwrap();
    cipher.encrypt(&nonce.into(), Payload { msg, aad }).unwrap()
}
