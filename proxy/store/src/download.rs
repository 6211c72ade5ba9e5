//! Downloads: from blobs to a response body, in pieces, one of them read ahead.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use hyper::body::Body;
use hyper::body::Frame;
use hyper::body::SizeHint;
use s3s::dto::StreamingBlob;
use tokio::task::JoinHandle;

use crate::blob::Blob;
use crate::record::Object;

/// The bytes of an object's range, as a response body.
#[derive(Debug)]
pub(crate) struct Download {
    next: Next,
    /// Bytes not yet handed out.
    remaining: u64,
}

#[derive(Debug)]
enum Next {
    Ready(Reader, Bytes),
    Reading(JoinHandle<io::Result<(Reader, Bytes)>>),
    Done,
}

impl Download {
    /// Opens `range` of an object and reads its first piece. Blocks.
    pub(crate) fn open(object: &Object, range: Range<u64>) -> io::Result<Self> {
        let remaining = range.end - range.start;
        let mut reader = Reader::new(object, range);
        let first = reader.piece()?;
        Ok(Self {
            next: Next::Ready(reader, first),
            remaining,
        })
    }
}

impl From<Download> for StreamingBlob {
    fn from(download: Download) -> Self {
        s3s::Body::http_body(download).into()
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let (reader, piece) = match std::mem::replace(&mut this.next, Next::Done) {
            Next::Done => return Poll::Ready(None),
            Next::Ready(reader, piece) => (reader, piece),
            Next::Reading(mut reading) => match Pin::new(&mut reading).poll(context) {
                Poll::Pending => {
                    this.next = Next::Reading(reading);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(Ok(read))) => read,
                Poll::Ready(Ok(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Some(Err(io::Error::other(error))));
                }
            },
        };
        this.remaining = this.remaining.saturating_sub(piece.len() as u64);
        if this.remaining > 0 {
            this.next = Next::Reading(read_ahead(reader));
        }
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

fn read_ahead(mut reader: Reader) -> JoinHandle<io::Result<(Reader, Bytes)>> {
    tokio::task::spawn_blocking(move || {
        let piece = reader.piece()?;
        Ok((reader, piece))
    })
}

/// Reads ranges of blobs one after the other.
#[derive(Debug)]
struct Reader {
    open: Option<io::Take<File>>,
    waiting: VecDeque<(Arc<Blob>, Range<u64>)>,
}

impl Reader {
    fn new(object: &Object, range: Range<u64>) -> Self {
        let mut start = 0;
        let mut waiting = VecDeque::new();
        for (segment, blob) in object.record.segments.iter().zip(&object.blobs) {
            let end = start + segment.size;
            let from = range.start.clamp(start, end) - start;
            let to = range.end.clamp(start, end) - start;
            if from < to {
                waiting.push_back((Arc::clone(blob), from..to));
            }
            start = end;
        }
        Self {
            open: None,
            waiting,
        }
    }

    /// The next piece; empty at the end.
    fn piece(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(file) = &mut self.open {
                let size = file.limit().min(PIECE_BYTES);
                if size > 0 {
                    return read_exactly(file, size);
                }
            }
            let Some((blob, range)) = self.waiting.pop_front() else {
                return Ok(Bytes::new());
            };
            let mut file = blob.open()?;
            file.seek(SeekFrom::Start(range.start))?;
            self.open = Some(file.take(range.end - range.start));
        }
    }
}

fn read_exactly(file: &mut io::Take<File>, size: u64) -> io::Result<Bytes> {
    let capacity = usize::try_from(size).map_err(io::Error::other)?;
    let mut piece = Vec::with_capacity(capacity);
    if file.by_ref().take(size).read_to_end(&mut piece)? != capacity {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(piece.into())
}

/// How much is read at once: large enough that handing it between threads costs nothing.
const PIECE_BYTES: u64 = 256 * 1024;
