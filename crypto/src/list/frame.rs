//! What stands between a sealed list and the footer: salt, length, 12 zero bytes.

use super::FIXED_LEN;
use super::runs::RUN_LEN;
use crate::aead::TAG_LEN;

pub(super) const SALT_LEN: usize = 16;
pub(super) const FRAME_LEN: usize = 32;
/// Of a sealed list without runs, and of one that fills the padding of an empty segment.
pub(super) const SEALED_LEN_MIN: usize = FIXED_LEN + TAG_LEN;
const SEALED_LEN_MAX: usize = 16_344;

/// The last 32 bytes of a padding, and the sealed list before them if enough bytes are there.
pub(super) struct Frame<'a> {
    pub(super) salt: &'a [u8],
    pub(super) sealed_len: usize,
    pub(super) sealed: Option<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// `None` if these bytes cannot be the frame of a list.
    pub(super) fn parse(padding: &'a [u8]) -> Option<Self> {
        let (before, frame) = padding.split_last_chunk::<FRAME_LEN>()?;
        let (salt, rest) = frame.split_at(SALT_LEN);
        let (sealed_len, zeros) = rest.split_first_chunk()?;
        let sealed_len = usize::try_from(u32::from_be_bytes(*sealed_len)).ok()?;
        let possible = (SEALED_LEN_MIN..=SEALED_LEN_MAX).contains(&sealed_len)
            && (sealed_len - SEALED_LEN_MIN).is_multiple_of(RUN_LEN);
        if !possible || zeros.iter().any(|&byte| byte != 0) {
            return None;
        }
        let start = before.len().checked_sub(sealed_len);
        Some(Self {
            salt,
            sealed_len,
            sealed: start.and_then(|at| before.get(at..)),
        })
    }
}
