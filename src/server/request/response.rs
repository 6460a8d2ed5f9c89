//! Converts an API response to hyper's response. Start with [`respond`].

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{StatusCode, Version};

use crate::api::{Body, Response};
use crate::blob::Chunks;
use crate::journal::{Outcome, ResponseHead};

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
/// written. The recording stream writes the head if a test set its header names.
pub(crate) fn respond(
    recorder: Arc<ConnectionRecorder>,
    response: Response,
    request_version: Version,
    outcome: Outcome,
) -> hyper::Response<HyperBody> {
    let closes = response.closes();
    if has_custom_names(&response.head) {
        let version = if request_version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let head = response.head.to_bytes(version);
        recorder.update_outgoing(|outgoing| outgoing.replace_head(head));
    }
    let rest = match response.body {
        Body::Bytes(bytes) => Rest::Bytes(bytes.into()),
        Body::HeadOnly(_) => Rest::Bytes(Bytes::new()),
        Body::Blob(content, range) => {
            Rest::Chunks { left: range.end - range.start, chunks: content.chunks(range) }
        }
    };
    let mut converted = hyper::Response::new(HyperBody { rest, recorder, outcome, closes });
    write_head(&mut converted, &response.head);
    if closes && request_version == Version::HTTP_10 {
        // hyper adds `keep-alive` to an HTTP/1.1 response if an HTTP/1.0 client asked for that.
        *converted.version_mut() = Version::HTTP_10;
    }
    converted
}

/// Returns whether a test set headers whose names and order are kept. hyper would write the names
/// in title case and equal names together.
fn has_custom_names(head: &ResponseHead) -> bool {
    head.headers.iter().any(|(name, _)| matches!(name, Cow::Owned(_)))
}

fn write_head(response: &mut hyper::Response<HyperBody>, head: &ResponseHead) {
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or_default();
    response.extensions_mut().insert(reason(head.reason.clone()));
    response.headers_mut().reserve(head.headers.len());
    for (name, value) in &head.headers {
        // A value that no header can hold does not occur: paths are quoted, everything else is
        // ASCII.
        let value = match value {
            Cow::Borrowed(text) => HeaderValue::from_maybe_shared(Bytes::from_static(text)),
            Cow::Owned(text) => HeaderValue::from_bytes(text),
        };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            response.headers_mut().append(name, value);
        }
    }
}

fn reason(text: Cow<'static, str>) -> ReasonPhrase {
    match text {
        Cow::Borrowed(text) => ReasonPhrase::from_static(text.as_bytes()),
        Cow::Owned(text) => {
            ReasonPhrase::try_from(text.as_bytes()).unwrap_or(ReasonPhrase::from_static(b""))
        }
    }
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
            let why = format!("a stored file could not be read: {error}");
            body.recorder.shared.lock().journal.record_internal_error(why);
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
