//! The one error of this crate: what an S3 client is told.

use std::fmt;

use crate::ErrorCode;

/// A refusal in S3's words. Everything in it is meant for the client's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which refusal; decides the status.
    pub code: ErrorCode,
    /// The text of `<Message>`.
    pub message: String,
    /// Further elements of the XML answer, in this order: name and text.
    pub details: Vec<(&'static str, String)>,
}

impl Error {
    /// The code with the text of its table.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            message: code.text().to_owned(),
            details: Vec::new(),
        }
    }

    /// Says `message` instead of the table's text.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Adds the element `name` with `text`.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push((name, text.into()));
        self
    }
}

impl fmt::Display for Error {
    /// Code and message only: the details may be long and quote the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for Error {}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}
