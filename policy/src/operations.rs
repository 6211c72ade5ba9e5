//! The operations on objects that a rule speaks of.

/// A rule's `operations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operations {
    /// `*`: all there are.
    All,
    /// These, by their names on the wire.
    These(Vec<&'static str>),
}

/// The operations on objects, by their names on the wire.
pub const OBJECT_OPERATIONS: [&str; 24] = [
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjectTagging",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "HeadObject",
    "ListParts",
    "PostObject",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "RestoreObject",
    "SelectObjectContent",
    "UploadPart",
    "UploadPartCopy",
];

impl Operations {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static str> {
        OBJECT_OPERATIONS.into_iter().find(|known| *known == name)
    }

    /// Whether the operation is one of them.
    #[must_use]
    pub fn contains(&self, operation: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(&operation),
        }
    }

    /// Whether every one of `other` is one of these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (_, Self::All) => false,
            (_, Self::These(names)) => names.iter().all(|name| self.contains(name)),
        }
    }
}
