//! What can go wrong with a request, grouped by whose fault it is.

use policy::KeyName;

/// A failed request. [`crate::respond`] decides what the client is told of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's fault, or what the client must know: told as it is.
    #[error(transparent)]
    Client(#[from] s3::Error),
    /// The stored object is not what it should be; never its bytes are released.
    #[error("stored object does not open")]
    Sealed(#[from] crypto::Error),
    /// A key cannot be had.
    #[error("key `{name}`")]
    Key {
        /// The key's name in the configuration.
        name: KeyName,
        /// Why.
        source: crate::kms::Error,
    },
    /// The client did not wait for its answer.
    #[error("client is gone")]
    ClientGone,
    /// No backend can be reached.
    #[error("backend cannot be reached: {0}")]
    Unreachable(String),
    /// The backend answered something that the plan does not allow for.
    #[error("backend's answer does not fit: {0}")]
    Backend(&'static str),
    /// A defect of the gateway itself.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// A result whose failure is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
