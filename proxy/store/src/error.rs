//! What can keep a store from opening or serving.

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Why a store cannot be opened or served.
///
/// Faults of single requests never come here: they are answered as S3 errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process, or another `Store` of this one, holds the folder.
    #[error("store folder `{}` is in use", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds files that no store wrote; opening would sweep some of them away.
    #[error("folder `{}` is neither empty nor a store", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// A record is not the JSON that this version writes.
    #[error("record `{}` is damaged", .path.display())]
    Damaged {
        /// The record's file.
        path: PathBuf,
        /// What the parser met.
        source: serde_json::Error,
    },
    /// A record names content that is absent or of another size.
    #[error("content `{}` is missing or has another size than recorded", .path.display())]
    Content {
        /// The content's file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot use `{}`", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Names the path that an I/O call was about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
