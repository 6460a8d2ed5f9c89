//! Converts an API response to hyper's response. Start with [`respond`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{StatusCode, Version};

use crate::api::{Body, Response};
use crate::blob::Chunks;
use crate::journal::Outcome;

use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::connection::state::ConnectionEvent;

/// A response body while it is written. When it is dropped, hyper has all of it or gives up.
pub(crate) struct HyperBody {
    rest: Rest,
    recorder: Arc<ConnectionRecorder>,
    outcome: Outcome,
    closes: bool,
}

enum Rest {
    Bytes(Bytes),
    Chunks { chunks: Chunks, left: u64 },
}

/// Converts a response to a request of that version. `outcome` is recorded when all of it is
/// written. The recording stream writes the head instead of hyper, which would change the names and the
/// order of headers.
pub(crate) fn respond(
    recorder: Arc<ConnectionRecorder>,
    response: Response,
    request_version: Version,
    outcome: Outcome,
) -> hyper::Response<HyperBody> {
    let closes = response.closes();
    let version = if request_version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
    recorder.update_outgoing(|outgoing| outgoing.replace_head(&response.head, version));
    let mut converted = hyper::Response::new(());
    *converted.status_mut() = StatusCode::from_u16(response.head.status).unwrap_or_default();
    for option in response.connection_options() {
        if let Ok(option) = HeaderValue::from_bytes(option) {
            converted.headers_mut().append(CONNECTION, option);
        }
    }
    if closes && request_version == Version::HTTP_10 {
        // hyper adds `keep-alive` to an HTTP/1.1 response if an HTTP/1.0 client asked for that.
        *converted.version_mut() = Version::HTTP_10;
    }
    let rest = match response.body {
        Body::Bytes(bytes) => Rest::Bytes(bytes.into()),
        Body::HeadOnly(_) => Rest::Bytes(Bytes::new()),
        Body::Blob(content, range) => {
            Rest::Chunks { left: range.end - range.start, chunks: content.chunks(range) }
        }
    };
    converted.map(|()| HyperBody { rest, recorder, outcome, closes })
}

impl HttpBody for HyperBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        let next = match &mut body.rest {
            Rest::Bytes(bytes) if bytes.is_empty() => None,
            Rest::Bytes(bytes) => Some(Ok(std::mem::take(bytes))),
            Rest::Chunks { chunks, left } => chunks
                .next()
                .inspect(|chunk| *left -= chunk.as_ref().map_or(0, |chunk| chunk.len() as u64)),
        };
        if let Some(Err(error)) = &next {
            body.recorder.record_unreadable_file(error);
        }
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

impl HyperBody {
    fn left(&self) -> u64 {
        match &self.rest {
            Rest::Bytes(bytes) => bytes.len() as u64,
            Rest::Chunks { left, .. } => *left,
        }
    }
}

impl Drop for HyperBody {
    fn drop(&mut self) {
        // A body that is dropped before its end was cut because the client left.
        if self.left() == 0 {
            if matches!(self.rest, Rest::Chunks { .. }) {
                self.recorder.report(ConnectionEvent::FilePassed);
            }
            let (outcome, closes) = (self.outcome, self.closes);
            self.recorder.report(ConnectionEvent::ResponseReady { outcome, closes });
        }
    }
}
