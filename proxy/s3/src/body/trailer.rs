//! The trailer after the last aws-chunked frame: one checksum, and its signature.

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::auth::FrameChain;
use crate::header;

/// A trailer being read.
pub(super) struct Trailer {
    /// What `x-amz-trailer` announced.
    announced: Option<ChecksumAlgorithm>,
    value: Option<Vec<u8>>,
    /// The line as it is signed.
    canonical: String,
    is_signed: bool,
    had_blank_line: bool,
}

impl Trailer {
    pub fn new(announced: Option<ChecksumAlgorithm>) -> Self {
        Self {
            announced,
            value: None,
            canonical: String::new(),
            is_signed: false,
            had_blank_line: false,
        }
    }

    /// Takes one line without its end; says whether it was the last. `chain` is there for signed
    /// frames.
    pub fn take_line(&mut self, line: &str, chain: Option<&mut FrameChain>) -> Result<bool, Error> {
        let signature_missing = chain.is_some() && self.value.is_some() && !self.is_signed;
        if line.is_empty() {
            return self.take_blank_line(signature_missing);
        }
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match chain {
            _ if self.is_signed => Err(malformed()),
            // Before there is something to sign, a signature is a line that was not announced.
            Some(chain) if name == header::TRAILER_SIGNATURE && self.value.is_some() => {
                chain.verify_trailer(&self.canonical, value.to_owned())?;
                self.is_signed = true;
                Ok(false)
            }
            _ => self.take_checksum(&name, value).map(|()| false),
        }
    }

    /// The checksum that was announced; the last line has come.
    pub fn into_checksum(self) -> Option<(ChecksumAlgorithm, Vec<u8>)> {
        self.announced.zip(self.value)
    }

    fn take_blank_line(&mut self, signature_missing: bool) -> Result<bool, Error> {
        // minio-go puts an empty line between the checksum and its signature.
        if signature_missing && !self.had_blank_line {
            self.had_blank_line = true;
            return Ok(false);
        }
        if signature_missing || self.announced.is_some() != self.value.is_some() {
            return Err(malformed());
        }
        Ok(true)
    }

    fn take_checksum(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let algorithm = self
            .announced
            .filter(|algorithm| algorithm.header_name() == name);
        let algorithm = algorithm.ok_or_else(malformed)?;
        let parsed = algorithm.parse_value(value).ok_or_else(|| {
            Error::new(ErrorCode::InvalidRequest)
                .with_message(format!("Value for {name} trailing header is invalid."))
        })?;
        if self.value.replace(parsed).is_some() {
            return Err(malformed());
        }
        self.canonical = format!("{name}:{value}\n");
        Ok(())
    }
}

fn malformed() -> Error {
    Error::new(ErrorCode::MalformedTrailer)
}
