//! Any body, framed and cut anyhow, comes out whole; any byte altered, it does not come out
//! otherwise.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::upload::Kind;
use super::upload::Upload;
use crate::ChecksumAlgorithm;

/// Where signed frames must have data, they have this much.
const SIGNED_FRAME_LEN: usize = 8192;

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(&Kind::ALL[..])
}

fn algorithms() -> impl Strategy<Value = ChecksumAlgorithm> {
    prop::sample::select(&ChecksumAlgorithm::ALL[..])
}

fn wire(upload: &Upload, kind: Kind, algorithm: ChecksumAlgorithm, data: &[u8]) -> Vec<u8> {
    let frames: Vec<&[u8]> = data.chunks(SIGNED_FRAME_LEN).collect();
    upload
        .wire()
        .body(&frames, kind.has_trailer().then_some(algorithm))
}

/// `bytes` in pieces, cut where `cuts` say.
fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut start = 0;
    let cut = |end| &bytes[std::mem::replace(&mut start, end)..end];
    ends.into_iter().map(cut).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn receive_undoes_send(
        kind in kinds(),
        algorithm in algorithms(),
        data in vec(any::<u8>(), 0..3 * SIGNED_FRAME_LEN),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let upload = Upload::framed(kind, data.len() as u64, algorithm);
        let wire = wire(&upload, kind, algorithm, &data);
        prop_assert_eq!(upload.receive(&pieces(&wire, &cuts)), Ok(data));
    }

    #[test]
    fn unsigned_frames_may_have_any_length(
        algorithm in algorithms(),
        frames in vec(vec(any::<u8>(), 1..50), 0..20),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let data = frames.concat();
        let upload = Upload::framed(Kind::UnsignedTrailer, data.len() as u64, algorithm);
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let wire = upload.wire().body(&frames, Some(algorithm));
        prop_assert_eq!(upload.receive(&pieces(&wire, &cuts)), Ok(data));
    }

    /// A size may be spelled in capitals, and a name too: then the body is still the same.
    #[test]
    fn an_altered_byte_gives_no_other_body(
        kind in kinds(),
        algorithm in algorithms(),
        data in vec(any::<u8>(), 0..40),
        at in any::<Index>(),
        flip in 1..=u8::MAX,
    ) {
        let upload = Upload::framed(kind, data.len() as u64, algorithm);
        let mut wire = wire(&upload, kind, algorithm, &data);
        let at = at.index(wire.len());
        wire[at] ^= flip;
        if let Ok(received) = upload.receive(&[&wire]) {
            prop_assert_eq!(received, data);
        }
    }

    #[test]
    fn a_byte_lost_or_added_gives_no_body(
        kind in kinds(),
        algorithm in algorithms(),
        data in vec(any::<u8>(), 0..40),
        at in any::<Index>(),
        added in prop::option::of(any::<u8>()),
    ) {
        let upload = Upload::framed(kind, data.len() as u64, algorithm);
        let mut wire = wire(&upload, kind, algorithm, &data);
        match added {
            Some(byte) => wire.insert(at.index(wire.len() + 1), byte),
            None => drop(wire.remove(at.index(wire.len()))),
        }
        if let Ok(received) = upload.receive(&[&wire]) {
            prop_assert_eq!(received, data);
        }
    }

    #[test]
    fn noise_is_no_body(kind in kinds(), wire in vec(any::<u8>(), 0..200)) {
        let upload = Upload::framed(kind, 5, ChecksumAlgorithm::Crc32);
        prop_assert!(upload.receive(&[&wire]).is_err());
    }
}
