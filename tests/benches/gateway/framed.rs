//! A body as SDKs send it over TLS: aws-chunked frames, unsigned, and a checksum behind them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;

/// Bytes of a frame; the SDKs' own.
const FRAME: usize = 64 << 10;

/// `body` in frames, with its CRC32 as trailer.
pub fn framed(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(body.len() + 1024);
    for frame in body.chunks(FRAME) {
        framed.extend(format!("{:x}\r\n", frame.len()).as_bytes());
        framed.extend(frame);
        framed.extend(b"\r\n");
    }
    let crc = crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, body);
    // INVARIANT: a CRC32 is the lower half.
    let crc = STANDARD.encode(&crc.to_be_bytes()[4..]);
    framed.extend(format!("0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n").as_bytes());
    framed
}
