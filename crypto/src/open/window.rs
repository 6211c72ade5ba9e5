//! The plain bytes that are asked for, counted as they come out.

use crate::seal::as_usize;

pub(super) struct Window {
    /// Bytes to drop before the first that is asked for.
    pub(super) skip: u64,
    /// Bytes still to give out.
    pub(super) left: u64,
}

impl Window {
    /// All there is.
    pub(super) const ALL: Self = Self {
        skip: 0,
        left: u64::MAX,
    };

    /// Trims what has been opened, and gives it out unless nothing is left.
    pub(super) fn emit(&mut self, mut opened: Vec<u8>, plain: &mut dyn FnMut(Vec<u8>)) {
        let len = opened.len() as u64;
        let skip = self.skip.min(len);
        let keep = self.left.min(len - skip);
        opened.truncate(as_usize(skip + keep));
        opened.drain(..as_usize(skip));
        self.skip -= skip;
        self.left -= keep;
        if !opened.is_empty() {
            plain(opened);
        }
    }
}
