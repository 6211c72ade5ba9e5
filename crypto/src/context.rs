//! What a wrapped key is bound to, in one canonical, length-prefixed form (FORMAT.md §2.2, §2.3).

use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;

/// The address an object is sealed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context<'a> {
    /// Logical bucket: what the client addressed, or the rule's `sealed_as`.
    pub bucket: &'a str,
    /// The object's name after one percent-decoding, nothing normalised.
    pub object: &'a str,
}

impl Context<'_> {
    /// `context` of FORMAT.md §2.2: AAD of DEK blob and `priv`, prefix of what the MAC is over.
    pub(crate) fn of_dek(&self, suite: Suite, layout: Layout, sse: Sse) -> Vec<u8> {
        let fields = [
            self.bucket,
            self.object,
            suite.name(),
            layout.name(),
            sse.name(),
        ];
        labelled("sealgate/v1/dek", &fields)
    }
}

/// The local context of FORMAT.md §2.3: what a wrapped bucket key is bound to. KMS clients pass it
/// as associated data, or wrap its hash ([`Suite::hash`]) with the key.
#[must_use]
pub fn bucket_key_context(bucket: &str, suite: Suite) -> Vec<u8> {
    labelled("sealgate/v1/bucket-key", &[bucket, suite.name()])
}

/// The ID in the names of an upload's records (FORMAT.md §9): 64 lower-case hex digits, with
/// SHA-256 whatever the suite.
#[must_use]
pub fn upload_record_id(context: &Context<'_>, upload: &str) -> String {
    let fields = labelled("", &[context.bucket, context.object, upload]);
    let digest = Suite::Aes256Gcm.hash(&fields);
    digest.chunks(8).map(hex).collect()
}

fn hex(eight: &[u8]) -> String {
    let number = eight
        .iter()
        .fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
    format!("{number:016x}")
}

/// `LP(x)` of FORMAT.md §0, appended to `out`.
pub(crate) fn push_prefixed(out: &mut Vec<u8>, field: &str) {
    let Ok(len) = u32::try_from(field.len()) else {
        // INVARIANT: names come from HTTP heads and configuration, limited to kilobytes there.
        unreachable!("a name of 4 GiB")
    };
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(field.as_bytes());
}

fn labelled(label: &str, fields: &[&str]) -> Vec<u8> {
    let len = label.len() + fields.iter().map(|field| 4 + field.len()).sum::<usize>();
    let mut out = Vec::with_capacity(len);
    out.extend_from_slice(label.as_bytes());
    for field in fields {
        push_prefixed(&mut out, field);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_length_prefixed() {
        let context = Context {
            bucket: "b",
            object: "a/b",
        };
        assert_eq!(
            context.of_dek(Suite::Sm4Gcm, Layout::Parts, Sse::Kms),
            b"sealgate/v1/dek\0\0\0\x01b\0\0\0\x03a/b\0\0\0\x07SM4-GCM\0\0\0\x05parts\0\0\0\x03kms"
        );
    }

    #[test]
    fn moving_a_byte_between_bucket_and_object_changes_the_context() {
        let one = Context {
            bucket: "ab",
            object: "c",
        };
        let other = Context {
            bucket: "a",
            object: "bc",
        };
        let of = |context: Context<'_>| context.of_dek(Suite::Aes256Gcm, Layout::Whole, Sse::S3);
        assert_ne!(of(one), of(other));
    }

    /// `printf '\0\0\0\1b\0\0\0\1o\0\0\0\1u' | sha256sum`
    #[test]
    fn an_upload_record_is_named_by_a_hash() {
        let id = upload_record_id(
            &Context {
                bucket: "b",
                object: "o",
            },
            "u",
        );
        assert_eq!(
            id,
            "1fa17359dd4e291ac63abefd64db9c3006e2bee8193fb626e78fe38a4fd23dd0"
        );
    }

    #[test]
    fn bucket_key_context_names_bucket_and_suite() {
        assert_eq!(
            bucket_key_context("b", Suite::Sm4Gcm),
            b"sealgate/v1/bucket-key\0\0\0\x01b\0\0\0\x07SM4-GCM"
        );
    }
}
