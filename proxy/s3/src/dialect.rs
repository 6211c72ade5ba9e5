//! Which of two dialects a client speaks: Amazon's or Huawei's.

use http::HeaderMap;

/// A dialect of the protocol: the names of headers and of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Amazon's, `x-amz-…`.
    #[default]
    S3,
    /// Huawei's, `x-obs-…`.
    Obs,
}

impl Dialect {
    /// The dialect of a request: Huawei's where it has a header of that kind.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let obs = headers
            .keys()
            .any(|name| name.as_str().starts_with("x-obs-"));
        if obs { Self::Obs } else { Self::S3 }
    }
}
