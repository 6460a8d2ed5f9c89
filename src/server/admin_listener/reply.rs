//! Replies, and their bodies on their way out.

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

use crate::server::admin_listener::activity::{Activity, Work};

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// The methods that a path takes.
    pub(crate) allow: Option<String>,
    pub(crate) body: ReplyBody,
}

/// What a reply says.
pub(crate) enum ReplyBody {
    /// All of it.
    Text(String),
    /// Chunk by chunk: each is made when the client has taken the one before, on a thread that may
    /// block. An error cuts the reply.
    Chunks(Chunks),
    /// What is stored, with its length announced.
    Blob(Blob),
}

/// Where the chunks of a body come from.
pub(crate) type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Chunks(_) => f.write_str("Chunks"),
            Self::Blob(content) => f.debug_tuple("Content").field(content).finish(),
        }
    }
}

impl Reply {
    /// An error in one line.
    pub(crate) fn error(status: u16, why: &str) -> Self {
        let body = ReplyBody::Text(format!("{{\"error\":\"{why}\"}}\n"));
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

/// A body on its way out.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// What is there already.
    whole: Bytes,
    later: Option<PendingBody>,
}

/// Chunks that are still to be made.
struct PendingBody {
    next: Next,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
    activity: Arc<Activity>,
}

enum Next {
    Idle(Chunks),
    Making(JoinHandle<(Chunks, Option<io::Result<Bytes>>)>),
    Over,
}

impl Outgoing {
    fn new(body: ReplyBody, activity: Arc<Activity>) -> Self {
        let later = |chunks, left| Self {
            whole: Bytes::new(),
            later: Some(PendingBody { next: Next::Idle(chunks), left, activity }),
        };
        match body {
            ReplyBody::Text(text) => Self { whole: text.into(), later: None },
            ReplyBody::Chunks(chunks) => later(chunks, None),
            ReplyBody::Blob(content) => {
                later(Box::new(content.chunks(0..content.len())), Some(content.len()))
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
        let next = match &mut body.later {
            None if body.whole.is_empty() => None,
            None => Some(Ok(std::mem::take(&mut body.whole))),
            Some(later) => ready!(later.poll_next(context)),
        };
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.later {
            None => self.whole.is_empty(),
            Some(later) => later.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.later {
            None => SizeHint::with_exact(self.whole.len() as u64),
            Some(PendingBody { left: Some(left), .. }) => SizeHint::with_exact(*left),
            Some(_) => SizeHint::default(),
        }
    }
}

impl PendingBody {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(&mut self.next, Next::Over) {
                Next::Idle(chunks) => self.next = Next::Making(make(chunks, self.activity.work())),
                Next::Making(mut making) => {
                    let Poll::Ready(made) = Pin::new(&mut making).poll(context) else {
                        self.next = Next::Making(making);
                        return Poll::Pending;
                    };
                    let Ok((chunks, chunk)) = made else {
                        return Poll::Ready(Some(Err(io::Error::other("its thread panicked"))));
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
fn make(mut chunks: Chunks, work: Work) -> JoinHandle<(Chunks, Option<io::Result<Bytes>>)> {
    tokio::task::spawn_blocking(move || {
        let _work = work;
        let chunk = chunks.next();
        (chunks, chunk)
    })
}
