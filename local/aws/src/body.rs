//! Bodies of requests and answers, within the memory that there is for all of them together.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// For the head of a request, for its body, and for the next bytes of an answer to be taken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const KIB: usize = 1024;
/// What all bodies may take at a time, in KiB.
const ALL: usize = 128 * KIB;
static ROOM: Semaphore = Semaphore::const_new(ALL);
/// Answers that are not worth counting.
const SMALL: usize = 64 * KIB;

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than this.
    TooLarge(usize),
    TooSlow,
    Broken,
    /// Too many bodies are held at this time.
    NoRoom,
}

/// Bytes, and the room that they take until nobody has them any more.
struct Held {
    bytes: Bytes,
    _room: SemaphorePermit<'static>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn room(bytes: usize) -> Result<SemaphorePermit<'static>, TryAcquireError> {
    ROOM.try_acquire_many(u32::try_from(bytes.div_ceil(KIB)).unwrap_or(u32::MAX))
}

/// The whole request, of at most so many bytes.
///
/// # Errors
///
/// It is larger, does not come in time, or ends too early; or there is no room for it.
pub async fn read(request: Request<Incoming>, largest: usize) -> Result<Request<Bytes>, Unread> {
    let (parts, body) = request.into_parts();
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > largest {
        drain(body).await;
        return Err(Unread::TooLarge(largest));
    }
    match tokio::time::timeout(PATIENCE, collect(body, largest)).await {
        Ok(body) => Ok(Request::from_parts(parts, body?)),
        Err(_) => Err(Unread::TooSlow),
    }
}

async fn collect(mut body: Incoming, largest: usize) -> Result<Bytes, Unread> {
    // Memory that was only asked for takes none: what counts of a body of known length is what has come.
    let length = body.size_hint().exact();
    let length = length.and_then(|length| usize::try_from(length).ok());
    let mut all: Vec<u8> = Vec::with_capacity(length.unwrap_or(0));
    let mut held = room(0).map_err(|_| Unread::NoRoom)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        let needed = all.len() + data.len();
        if needed > largest {
            drain(body).await;
            return Err(Unread::TooLarge(largest));
        }
        let grown = match needed <= all.capacity() {
            true => all.capacity(),
            false => needed.max(2 * all.capacity()),
        };
        let counted = if length.is_some() { needed } else { grown };
        let missing = counted.saturating_sub(held.num_permits() * KIB);
        held.merge(room(missing).map_err(|_| Unread::NoRoom)?);
        all.reserve_exact(grown - all.len());
        all.extend_from_slice(data);
    }
    Ok(match all.is_empty() {
        true => Bytes::new(),
        false => Bytes::from_owner(Held {
            bytes: all.into(),
            _room: held,
        }),
    })
}

/// Takes what still comes, and forgets it: a client that is cut off while it sends does not read the answer.
async fn drain(mut body: Incoming) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(PATIENCE, rest).await;
}

/// An answer, held to the room that there is until the client has taken it. `None`: there is none.
pub(crate) fn answer(bytes: Bytes) -> Option<Bytes> {
    if bytes.len() <= SMALL {
        return Some(bytes);
    }
    let _room = room(bytes.len()).ok()?;
    Some(Bytes::from_owner(Held { bytes, _room }))
}
