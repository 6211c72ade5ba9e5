//! Taking aws-chunked frames off a payload
//! (AWS, "Transferring payload in multiple chunks" and "… with trailing headers").

use bytes::Buf as _;
use bytes::Bytes;
use sha2::Digest as _;
use sha2::Sha256;

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Frames;
use crate::auth::FrameChain;
use crate::body::incomplete;
use crate::body::trailer::Trailer;

/// Signed frames with data must be this long, but the last.
const SIGNED_FRAME_LEN_MIN: u64 = 8192;

const SIGNATURE_LABEL: &str = ";chunk-signature=";

/// A frame's first line without its line feed: 16 digits, label, 64 digits, carriage return.
pub(super) const SIZE_LINE_LEN_MAX: usize = 16 + SIGNATURE_LABEL.len() + 64 + 1;

/// A trailer's line without its line feed.
pub(super) const TRAILER_LINE_LEN_MAX: usize = 256;

/// Takes the frames off, whatever pieces they come in. Keeps no payload.
pub(super) struct Decoder {
    state: State,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Payload that frames have yet to announce.
    unannounced: u64,
    /// Data frames so far.
    frames: u64,
    /// The length of a frame that only the last may have.
    short: Option<u64>,
    signing: Option<Signing>,
    trailer: Trailer,
}

enum State {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// What signed frames need beside.
struct Signing {
    chain: FrameChain,
    sha256: Sha256,
    /// The signature of the frame being read.
    signature: String,
}

impl Decoder {
    pub fn new(frames: &Frames, plain_len: u64, trailer: Option<ChecksumAlgorithm>) -> Self {
        let signing = frames.seed.clone().map(|seed| Signing {
            chain: FrameChain::new(seed),
            sha256: Sha256::new(),
            signature: String::new(),
        });
        Self {
            state: State::Size,
            line: Vec::new(),
            unannounced: plain_len,
            frames: 0,
            short: None,
            signing,
            trailer: Trailer::new(trailer),
        }
    }

    /// Appends the payload in `wire` to `plain`.
    pub fn push(&mut self, mut wire: Bytes, plain: &mut Vec<Bytes>) -> Result<(), Error> {
        while !wire.is_empty() {
            match self.state {
                State::Size => self.read_size(&mut wire)?,
                State::Data { left } => self.read_data(&mut wire, left, plain),
                State::DataEnd => self.read_data_end(&mut wire)?,
                State::Trailer => self.read_trailer(&mut wire)?,
                State::Done => return Err(incomplete()),
            }
        }
        Ok(())
    }

    /// The trailer's checksum, once everything has been read.
    pub fn finish(self) -> Result<Option<(ChecksumAlgorithm, Vec<u8>)>, Error> {
        match self.state {
            State::Done => Ok(self.trailer.into_checksum()),
            _ => Err(incomplete()),
        }
    }

    fn read_size(&mut self, wire: &mut Bytes) -> Result<(), Error> {
        let Some(line) = self.take_line(wire, SIZE_LINE_LEN_MAX, incomplete)? else {
            return Ok(());
        };
        let line = line.strip_suffix('\r').ok_or_else(incomplete)?;
        let size = match &mut self.signing {
            Some(signing) => {
                let (size, signature) = line.split_once(SIGNATURE_LABEL).ok_or_else(incomplete)?;
                signature.clone_into(&mut signing.signature);
                size
            }
            None => line,
        };
        self.begin_frame(parse_size(size).ok_or_else(incomplete)?)
    }

    fn begin_frame(&mut self, size: u64) -> Result<(), Error> {
        self.unannounced = self.unannounced.checked_sub(size).ok_or_else(incomplete)?;
        if size == 0 {
            if self.unannounced > 0 {
                return Err(incomplete());
            }
            self.verify_frame()?;
            self.state = State::Trailer;
            return Ok(());
        }
        self.frames += 1;
        if let (Some(_), Some(short)) = (&self.signing, self.short) {
            return Err(Error::new(ErrorCode::InvalidChunkSizeError)
                .with_detail("Chunk", self.frames.to_string())
                .with_detail("BadChunkSize", short.to_string()));
        }
        self.short = (size < SIGNED_FRAME_LEN_MIN).then_some(size);
        self.state = State::Data { left: size };
        Ok(())
    }

    fn read_data(&mut self, wire: &mut Bytes, left: u64, plain: &mut Vec<Bytes>) {
        let len = usize::try_from(left).map_or(wire.len(), |left| left.min(wire.len()));
        let data = wire.split_to(len);
        if let Some(signing) = &mut self.signing {
            signing.sha256.update(&data);
        }
        plain.push(data);
        self.state = match left - len as u64 {
            0 => State::DataEnd,
            left => State::Data { left },
        };
    }

    fn read_data_end(&mut self, wire: &mut Bytes) -> Result<(), Error> {
        let Some(line) = self.take_line(wire, 1, incomplete)? else {
            return Ok(());
        };
        if line != "\r" {
            return Err(incomplete());
        }
        self.verify_frame()?;
        self.state = State::Size;
        Ok(())
    }

    fn verify_frame(&mut self) -> Result<(), Error> {
        match &mut self.signing {
            Some(Signing {
                chain,
                sha256,
                signature,
            }) => chain.verify_frame(&sha256.finalize_reset(), std::mem::take(signature)),
            None => Ok(()),
        }
    }

    fn read_trailer(&mut self, wire: &mut Bytes) -> Result<(), Error> {
        let Some(line) = self.take_line(wire, TRAILER_LINE_LEN_MAX, malformed_trailer)? else {
            return Ok(());
        };
        let chain = self.signing.as_mut().map(|signing| &mut signing.chain);
        if self.trailer.take_line(line.trim_end_matches('\r'), chain)? {
            self.state = State::Done;
        }
        Ok(())
    }

    /// The next line without its line feed, once it is whole; `too_long` beyond `len_max`.
    fn take_line(
        &mut self,
        wire: &mut Bytes,
        len_max: usize,
        too_long: fn() -> Error,
    ) -> Result<Option<String>, Error> {
        let end = wire
            .iter()
            .take(len_max + 1)
            .position(|byte| *byte == b'\n');
        let piece = wire.split_to(end.unwrap_or(wire.len().min(len_max + 1)));
        if self.line.len() + piece.len() > len_max {
            return Err(too_long());
        }
        self.line.extend_from_slice(&piece);
        if end.is_none() {
            return Ok(None);
        }
        wire.advance(1);
        String::from_utf8(std::mem::take(&mut self.line))
            .map(Some)
            .map_err(|_| too_long())
    }
}

/// 1 to 16 hex digits.
fn parse_size(digits: &str) -> Option<u64> {
    // `from_str_radix` alone would take a sign.
    let well_formed = digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    well_formed
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

fn malformed_trailer() -> Error {
    Error::new(ErrorCode::MalformedTrailer)
}
