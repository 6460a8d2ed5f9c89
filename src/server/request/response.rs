//! From our answer to hyper's response.

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

use crate::server::connection::state::ConnectionRecorder;

/// A body on its way out. When it is dropped, hyper has all of it, or wants no more.
pub(crate) struct AnswerBody {
    rest: Rest,
    recorder: Arc<ConnectionRecorder>,
    outcome: Outcome,
    closes: bool,
}

enum Rest {
    Bytes(Bytes),
    Chunks { chunks: Chunks, left: u64 },
}

/// Makes hyper's response of an answer to a request of that version. `outcome` is what the record says once all is
/// written. A head with names that a test has given is written by the tap.
pub(crate) fn respond(
    recorder: Arc<ConnectionRecorder>,
    answer: Response,
    request_version: Version,
    outcome: Outcome,
) -> hyper::Response<AnswerBody> {
    let closes = answer.closes();
    if has_given_names(&answer.head) {
        let version = if request_version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let head = answer.head.to_bytes(version);
        recorder.update_outgoing(|outgoing| outgoing.replace_head(head));
    }
    let rest = match answer.body {
        Body::Bytes(bytes) => Rest::Bytes(bytes.into()),
        Body::HeadOnly(_) => Rest::Bytes(Bytes::new()),
        Body::Blob(content, range) => {
            Rest::Chunks { left: range.end - range.start, chunks: content.chunks(range) }
        }
    };
    let mut response = hyper::Response::new(AnswerBody { rest, recorder, outcome, closes });
    write_head(&mut response, &answer.head);
    if closes && request_version == Version::HTTP_10 {
        // hyper adds `keep-alive` to an HTTP/1.1 response if the client asked for that in HTTP/1.0.
        *response.version_mut() = Version::HTTP_10;
    }
    response
}

/// Whether a test has given it headers, whose names and order are written as they stand: hyper would
/// write the names in title case, and those of one name together.
fn has_given_names(head: &ResponseHead) -> bool {
    head.headers.iter().any(|(name, _)| matches!(name, Cow::Owned(_)))
}

fn write_head(response: &mut hyper::Response<AnswerBody>, head: &ResponseHead) {
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or_default();
    response.extensions_mut().insert(reason(head.reason.clone()));
    response.headers_mut().reserve(head.headers.len());
    for (name, value) in &head.headers {
        // What no header can hold does not get this far: paths are quoted, the rest is ASCII.
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

impl HttpBody for AnswerBody {
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

impl AnswerBody {
    fn left(&self) -> u64 {
        match &self.rest {
            Rest::Bytes(bytes) => bytes.len() as u64,
            Rest::Chunks { left, .. } => *left,
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // What is dropped before its end was cut by the client's leaving.
        if self.left() == 0 {
            if matches!(self.rest, Rest::Chunks { .. }) {
                self.recorder.all_given();
            }
            self.recorder.answered(self.outcome, self.closes);
        }
    }
}
