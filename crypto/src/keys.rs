//! One type per kind of key. All are wiped on drop, print as `***`, and are neither `Copy` nor
//! `Clone`, so that every place a key lives in can be found by its type.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the bytes over. The caller wipes its own copy.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            pub(crate) const fn bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

key! {
    /// A key of the operator's keyring file. Wraps bucket keys; lives there and in memory only.
    MasterKey
}
key! {
    /// Wraps the DEKs of one bucket. Stored wrapped only, in envelopes (`bk`); cached in memory.
    BucketKey
}
key! {
    /// The key a client sends with SSE-C. Never stored, in memory for one request.
    CustomerKey
}
key! {
    /// The key of one object (FORMAT.md §2.1). Stored wrapped only, in its envelope (`dek`).
    Dek
}
key! {
    /// Seals the part list and the added segment of one parts object. Stored in the sealed record
    /// of an unfinished upload, so that Complete needs no customer key.
    ClosingKey
}

/// In constant time, as secrets are compared.
impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }
}

impl Eq for MasterKey {}

impl BucketKey {
    /// The bytes, for the one purpose of sending them to a KMS to be wrapped.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.bytes()
    }
}

impl Dek {
    /// For readers that need the key until the object's last segment. Not public: a copy is made
    /// in this crate only, and wiped like the original.
    pub(crate) const fn duplicate(&self) -> Self {
        Self(self.0)
    }
}

impl ClosingKey {
    /// The bytes, for the one purpose of writing them into the sealed record of an upload.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.bytes()
    }
}

/// What wraps a DEK, for life of one kind (FORMAT.md §2.1).
#[derive(Clone, Copy, Debug)]
pub enum WrappingKey<'a> {
    /// A bucket key.
    Bucket(&'a BucketKey),
    /// The customer's own key, SSE-C.
    Customer(&'a CustomerKey),
}

impl WrappingKey<'_> {
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        match self {
            Self::Bucket(key) => key.bytes(),
            Self::Customer(key) => key.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_print() {
        let key = BucketKey::new([0xAB; 32]);
        assert_eq!(format!("{key:?}"), "BucketKey(***)");
        assert_eq!(
            format!("{:?}", WrappingKey::Bucket(&key)),
            "Bucket(BucketKey(***))"
        );
    }

    #[test]
    fn master_keys_differ_by_any_byte() {
        let key = MasterKey::new([0xAB; 32]);
        assert_eq!(key, MasterKey::new([0xAB; 32]));
        for at in 0..32 {
            let mut bytes = [0xAB; 32];
            bytes[at] ^= 1;
            assert_ne!(key, MasterKey::new(bytes), "byte {at}");
        }
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut key = Dek::new([0xAB; 32]);
        key.zeroize();
        assert_eq!(key.bytes(), &[0; 32]);
    }
}
