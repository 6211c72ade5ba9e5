//! Every vector: good objects, and each defect alone in an otherwise good one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod envelope;
mod forge;
mod good;
mod object;
mod parts;
mod whole;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

/// One file.
pub struct Vector {
    pub name: &'static str,
    pub description: &'static str,
    pub expect: &'static str,
    pub bucket: String,
    pub object: String,
    pub key: Key,
    pub json: Option<String>,
    pub mac: Option<String>,
    pub body: Vec<u8>,
    /// Of a good one.
    pub plain: Option<Vec<u8>>,
    pub released_at_most: usize,
}

pub enum Key {
    Customer([u8; 32]),
    Masters(BTreeMap<String, [u8; 32]>),
}

pub fn all() -> Vec<Vector> {
    let mut all = good::all();
    all.extend(envelope::all());
    all.extend(whole::all());
    all.extend(parts::all());
    all.sort_by_key(|vector| vector.name);
    all
}

impl Vector {
    pub fn render(&self) -> String {
        #[derive(Serialize)]
        struct File<'a> {
            name: &'a str,
            description: &'a str,
            expect: &'a str,
            bucket: &'a str,
            object: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            customer_key: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            master_keys: Option<BTreeMap<&'a str, String>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sealgate: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sealgate_mac: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            plain_sha256: Option<String>,
            released_at_most: usize,
            body: String,
        }
        let (customer_key, master_keys) = match &self.key {
            Key::Customer(key) => (Some(STANDARD.encode(key)), None),
            Key::Masters(keys) => {
                let encoded = keys
                    .iter()
                    .map(|(id, key)| (id.as_str(), STANDARD.encode(key)));
                (None, Some(encoded.collect()))
            }
        };
        let file = File {
            name: self.name,
            description: self.description,
            expect: self.expect,
            bucket: &self.bucket,
            object: &self.object,
            customer_key,
            master_keys,
            sealgate: self.json.as_deref(),
            sealgate_mac: self.mac.as_deref(),
            plain_sha256: self.plain.as_ref().map(|plain| hex(&Sha256::digest(plain))),
            released_at_most: self.released_at_most,
            body: STANDARD.encode(&self.body),
        };
        serde_json::to_string_pretty(&file).unwrap() + "\n"
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}
