//! Responses of the admin listener, and their bodies while they are written. Start with
//! [`AdminResponse`].

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use tokio::task::JoinHandle;

use crate::blob::Blob;

use crate::server::admin_listener::activity::{Activity, BusyGuard};

/// A response of the admin listener.
#[derive(Debug)]
pub(crate) struct AdminResponse {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// The value of `Allow`: the methods that the path supports.
    pub(crate) allow: Option<String>,
    pub(crate) body: AdminResponseBody,
}

/// The body of a response.
pub(crate) enum AdminResponseBody {
    /// A text that is complete.
    Text(String),
    /// Chunk by chunk: each is made on a thread that may block, when the client has read the
    /// previous one. An error cuts the response.
    Chunks(Chunks),
    /// A stored blob, with its length announced.
    Blob(Blob),
}

/// The source of the chunks of a body.
pub(crate) type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

impl fmt::Debug for AdminResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Chunks(_) => f.write_str("Chunks"),
            Self::Blob(blob) => f.debug_tuple("Blob").field(blob).finish(),
        }
    }
}

impl AdminResponse {
    /// Returns an error as a JSON object in one line.
    pub(crate) fn error(status: u16, why: &str) -> Self {
        let body = AdminResponseBody::Text(format!("{{\"error\":\"{why}\"}}\n"));
        Self { status, content_type: "application/json", allow: None, body }
    }

    pub(crate) fn into_response(self, activity: &Arc<Activity>) -> Response<Outgoing> {
        let made = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, self.content_type)
            .header(CACHE_CONTROL, "no-store");
        let made = self.allow.into_iter().fold(made, |made, methods| made.header(ALLOW, methods));
        let challenge = (self.status == 401).then_some("Bearer");
        let made = challenge.into_iter().fold(made, |made, how| made.header(WWW_AUTHENTICATE, how));
        made.body(Outgoing::new(self.body, Arc::clone(activity))).unwrap_or_default()
    }
}

/// A body while it is written.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// Bytes that are ready.
    whole: Bytes,
    pending: Option<PendingChunks>,
}

/// Chunks that are still to be made.
struct PendingChunks {
    next: Next,
    /// The number of bytes to come, if known.
    left: Option<u64>,
    activity: Arc<Activity>,
}

enum Next {
    Idle(Chunks),
    Making(JoinHandle<(Chunks, Option<io::Result<Bytes>>)>),
    Over,
}

impl Outgoing {
    fn new(body: AdminResponseBody, activity: Arc<Activity>) -> Self {
        let pending = |chunks, left| Self {
            whole: Bytes::new(),
            pending: Some(PendingChunks { next: Next::Idle(chunks), left, activity }),
        };
        match body {
            AdminResponseBody::Text(text) => Self { whole: text.into(), pending: None },
            AdminResponseBody::Chunks(chunks) => pending(chunks, None),
            AdminResponseBody::Blob(blob) => {
                pending(Box::new(blob.chunks(0..blob.len())), Some(blob.len()))
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        let next = match &mut body.pending {
            None if body.whole.is_empty() => None,
            None => Some(Ok(std::mem::take(&mut body.whole))),
            Some(pending) => ready!(pending.poll_next(context)),
        };
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.pending {
            None => self.whole.is_empty(),
            Some(pending) => pending.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.pending {
            None => SizeHint::with_exact(self.whole.len() as u64),
            Some(PendingChunks { left: Some(left), .. }) => SizeHint::with_exact(*left),
            Some(_) => SizeHint::default(),
        }
    }
}

impl PendingChunks {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(&mut self.next, Next::Over) {
                Next::Idle(chunks) => {
                    self.next = Next::Making(make(chunks, self.activity.begin_work()));
                }
                Next::Making(mut making) => {
                    let Poll::Ready(made) = Pin::new(&mut making).poll(context) else {
                        self.next = Next::Making(making);
                        return Poll::Pending;
                    };
                    let Ok((chunks, chunk)) = made else {
                        return Poll::Ready(Some(Err(io::Error::other(
                            "the thread that makes the chunk panicked",
                        ))));
                    };
                    if let Some(Ok(bytes)) = &chunk {
                        self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                        self.next = Next::Idle(chunks);
                    }
                    return Poll::Ready(chunk);
                }
                Next::Over => return Poll::Ready(None),
            }
        }
    }
}

/// Makes the next chunk on a thread that may block.
fn make(mut chunks: Chunks, work: BusyGuard) -> JoinHandle<(Chunks, Option<io::Result<Bytes>>)> {
    tokio::task::spawn_blocking(move || {
        let _work = work;
        let chunk = chunks.next();
        (chunks, chunk)
    })
}
